"""A photo is answered when somebody replies to it and asks, and when its caption is edited."""

from __future__ import annotations

from itertools import count

import pytest

from tests.bot.conftest import Meet, Start
from tests.bot.running import BLUE, GREEN, RED, RunningBot, answer, gps_photo, picture, said, sent, tapped
from tests.botapi import BotApiServer, PeopleChat, Person
from tests.botapi.chat.controls import Group

GROUPS = count(-9000, -1)
CALLS = ("@landmark_bot where is this?", "/suggest", "/suggest@landmark_bot")


@pytest.fixture
def trip(bot: RunningBot, meet: Meet) -> tuple[Person, Person, Group]:
    ana, ben = meet()[0], meet("Ben")[0]
    return ana, ben, bot.server.group(next(GROUPS), "Trip", [ana, ben])


def silent(bot: RunningBot, chat: PeopleChat, *, but: int = 0) -> bool:
    bot.settle()
    return len(chat.from_bot) == but


@pytest.mark.parametrize("call", CALLS)
def test_a_reply_to_a_photo_in_a_group_asks_about_it(call: str, trip: tuple[Person, Person, Group]) -> None:
    ana, ben, group = trip
    photo = group.send_photo(ana, picture(RED, 200))
    question = group.send_text(ben, call, reply_to=photo)
    assert answer(group, question).text.startswith("🏛 Eiffel Tower")


def test_a_reply_to_a_file_asks_about_it_and_its_place_stays_secret(trip: tuple[Person, Person, Group]) -> None:
    ana, ben, group = trip
    file = group.send_document(ana, gps_photo(RED, 48.86, 2.30), "a.jpg", "image/jpeg")
    reply = answer(group, group.send_text(ben, "@landmark_bot", reply_to=file))
    assert reply.text.startswith("🏛 Eiffel Tower")
    assert "km" not in reply.text


def test_a_reply_that_does_not_mean_the_bot_is_not_answered(
    bot: RunningBot, trip: tuple[Person, Person, Group]
) -> None:
    ana, ben, group = trip
    photo = group.send_photo(ana, picture(RED, 201))
    for text in ("Lovely!", "/suggest@other_bot", "/save", "@other_bot what is this?", "me@landmark_bot.example"):
        group.send_text(ben, text, reply_to=photo)
    group.send_text(ben, "@landmark_bot what is this?", reply_to=group.send_text(ana, "Guess!"))
    assert silent(bot, group)


def test_what_a_reply_finds_belongs_to_the_person_who_asked(trip: tuple[Person, Person, Group]) -> None:
    ana, ben, group = trip
    photo = group.send_photo(ana, picture(GREEN, 202))
    reply = answer(group, group.send_text(ben, "/suggest", reply_to=photo))
    assert said(group, group.send_text(ben, "/places")).text.splitlines()[2] == "China: Great Wall of China (1)"
    assert said(group, group.send_text(ana, "/places")).text.startswith("You have not sent me a photo")
    tapped(group, ana, reply, "Right")
    assert reply.text.endswith("👤 Ana\n✔ Confirmed. Thank you!")


@pytest.mark.parametrize("text", ["What is this?", *CALLS])
def test_a_reply_to_a_photo_in_private_is_answered(text: str, meet: Meet) -> None:
    ana, chat = meet()
    photo = chat.send_photo(ana, picture(BLUE, 203))
    answer(chat, photo)
    assert answer(chat, chat.send_text(ana, text, reply_to=photo)).text.startswith("🏛 Tokyo Skytree")


@pytest.mark.parametrize(("command", "kind"), [("/map", "document"), ("/map", "photo"), ("/export", "document")])
def test_a_reply_to_a_file_of_the_bot_is_no_photo_to_look_at(command: str, kind: str, meet: Meet) -> None:
    ana, chat = meet()
    answer(chat, chat.send_photo(ana, picture(BLUE, 230)))
    asked = chat.send_text(ana, command)
    file = sent(chat, asked, "photo" if command == "/map" else "document")  # the last message
    file = sent(chat, asked, kind)
    for text, reply in (
        ("Thank you!", "Send me a photo, and I will tell you which landmark it shows. More: /help"),
        ("/suggest", "Reply to a photo with /suggest, and I will tell you which landmark it shows."),
    ):
        assert said(chat, chat.send_text(ana, text, reply_to=file)).text == reply


@pytest.mark.parametrize("text", ["What is this?", *CALLS])
def test_a_photo_of_another_chat_that_is_quoted_is_answered(
    text: str, meet: Meet, trip: tuple[Person, Person, Group]
) -> None:
    (ana, chat), (_, ben, group) = meet(), trip
    photo = group.send_photo(ben, picture(GREEN, 204))
    assert answer(chat, chat.send_text(ana, text, quoting=photo)).text.startswith("🏛 Great Wall of China")


def test_a_photo_of_another_chat_is_answered_in_a_group_only_if_the_bot_is_meant(
    bot: RunningBot, meet: Meet, trip: tuple[Person, Person, Group]
) -> None:
    (other, elsewhere), (ana, _, group) = meet(), trip
    photo = elsewhere.send_photo(other, picture(GREEN, 205))
    group.send_text(ana, "Look!", quoting=photo)
    assert silent(bot, group)
    assert answer(group, group.send_text(ana, CALLS[0], quoting=photo)).text.startswith("🏛 Great Wall of China")


def test_suggest_without_a_photo_says_how_it_is_used(meet: Meet, trip: tuple[Person, Person, Group]) -> None:
    ana, ben, group = trip
    how = "Reply to a photo with /suggest, and I will tell you which landmark it shows."
    assert answer(group, group.send_text(ana, "/suggest")).text == how
    assert answer(group, group.send_text(ana, "/suggest", reply_to=group.send_text(ben, "Hi"))).text == how
    video = group.send_video(ben)
    assert answer(group, group.send_text(ana, "/suggest", reply_to=video)).text.startswith("I cannot watch videos")
    person, chat = meet()
    assert said(chat, chat.send_text(person, "/suggest")).text == how


def test_a_reply_to_one_photo_of_an_album_asks_about_all(bot: RunningBot, trip: tuple[Person, Person, Group]) -> None:
    ana, ben, group = trip
    album = group.send_album(ana, [picture(RED, 206), picture(RED, 207), picture(BLUE, 206)])
    assert silent(bot, group)
    reply = answer(group, group.send_text(ben, CALLS[0], reply_to=album[1]))
    assert "Paris, France\n▰▰▰▰▰▰▰▰▰▰ 99% · on 2 of 3 photos" in reply.text
    assert "🏛 Tokyo Skytree" in reply.text


def test_a_photo_that_joins_an_album_after_somebody_asked_about_it_joins_the_answer(
    bot: RunningBot, trip: tuple[Person, Person, Group]
) -> None:
    ana, ben, group = trip
    first = group.send_photo(ana, picture(RED, 208), media_group_id="asked")
    reply = answer(group, group.send_text(ben, "/suggest", reply_to=first))
    group.send_photo(ana, picture(BLUE, 208), media_group_id="asked")
    bot.settle()
    assert "🏛 Tokyo Skytree" in reply.text
    assert len(group.from_bot) == 1
    assert bot.rows("SELECT DISTINCT user_id FROM telegram_photo WHERE chat_id = ?", group.id) == [(ben.id,)]


def test_a_second_question_about_a_photo_is_answered_too(trip: tuple[Person, Person, Group]) -> None:
    ana, ben, group = trip
    album = group.send_album(ana, [picture(RED, 209), picture(BLUE, 209)], "@landmark_bot")
    first = answer(group, album[0])
    again = answer(group, group.send_text(ben, "/suggest", reply_to=album[1]))
    assert again.text == first.text


def test_questions_about_photos_count_for_the_days_limit(server: BotApiServer, start: Start) -> None:
    start(bot_daily_limit=1)
    ana, ben = server.person(1, "Ana"), server.person(2, "Ben")
    group = server.group(next(GROUPS), "Trip", [ana, ben])
    photo = group.send_photo(ana, picture(RED))
    assert answer(group, group.send_text(ben, "/suggest", reply_to=photo)).text.startswith("🏛 Eiffel Tower")
    assert answer(group, group.send_text(ben, "/suggest", reply_to=photo)).text.startswith("That was the last of 1")


def test_an_edited_caption_that_means_the_bot_is_answered_once(
    bot: RunningBot, trip: tuple[Person, Person, Group]
) -> None:
    ana, _, group = trip
    photo = group.send_photo(ana, picture(RED, 210), "Our hotel")
    assert silent(bot, group)
    for caption in ("@landmark_bot where is this?", "@landmark_bot where was this?"):
        group.edit_text(ana, photo, caption)
        assert silent(bot, group, but=1)
    assert answer(group, photo).text.startswith("🏛 Eiffel Tower")


def test_an_edited_reply_that_means_the_bot_is_answered_once(
    bot: RunningBot, trip: tuple[Person, Person, Group]
) -> None:
    ana, ben, group = trip
    question = group.send_text(ben, "where is this?", reply_to=group.send_photo(ana, picture(RED, 211)))
    assert silent(bot, group)
    for text in (*CALLS, "@landmark_bot please"):
        group.edit_text(ben, question, text)
        assert silent(bot, group, but=1)
    assert answer(group, question).text.startswith("🏛 Eiffel Tower")


def test_an_edited_caption_in_an_album_brings_the_answer_to_all_its_photos(
    bot: RunningBot, trip: tuple[Person, Person, Group]
) -> None:
    ana, _, group = trip
    album = group.send_album(ana, [picture(RED, 212), picture(BLUE, 212)], "Holidays")
    assert silent(bot, group)
    group.edit_text(ana, album[0], "@landmark_bot?")
    assert answer(group, album[0]).text.count("· on 1 of 2 photos") == 2
    group.edit_text(ana, album[1], "@landmark_bot!")
    assert silent(bot, group, but=1)


def test_edits_of_what_was_answered_and_of_what_is_no_photo_are_not_answered(
    bot: RunningBot, meet: Meet, trip: tuple[Person, Person, Group]
) -> None:
    (ana, chat), (ben, _, group) = meet(), trip
    photo = chat.send_photo(ana, picture(RED, 213))
    file = chat.send_document(ana, b"%PDF", "a.pdf", "application/pdf", "My ticket")
    text = chat.send_text(ana, "Hello")
    hello, video = group.send_text(ben, "Hello"), group.send_video(ben, "Look")
    bot.settle()
    for where, who, message in (
        (chat, ana, photo),
        (chat, ana, file),
        (chat, ana, text),
        (group, ben, hello),
        (group, ben, video),
    ):
        where.edit_text(who, message, "@landmark_bot /places")
    assert silent(bot, chat, but=3)
    assert silent(bot, group)


def test_another_photo_in_the_same_message_is_answered(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    photo = chat.send_photo(ana, picture(RED, 214))
    answer(chat, photo)
    chat.edit_text(ana, photo, "I meant this one", picture(BLUE, 214))
    bot.settle()
    assert [message.text.splitlines()[0] for message in chat.answers_to(photo)] == ["🏛 Eiffel Tower", "🏛 Tokyo Skytree"]

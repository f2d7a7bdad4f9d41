"""In a group the bot is silent unless it is addressed."""

from __future__ import annotations

from itertools import count

import pytest

from tests.bot.conftest import Meet
from tests.bot.running import BLUE, GREEN, GREY, RED, RunningBot, answer, gps_photo, picture, said, tapped
from tests.botapi import Person
from tests.botapi.chat.controls import Group

GROUPS = count(-6000, -1)


def group(bot: RunningBot, meet: Meet) -> tuple[Person, Person, Group]:
    ana, ben = meet()[0], meet("Ben")[0]
    return ana, ben, bot.server.group(next(GROUPS), "Trip", [ana, ben])


def test_in_a_group_only_photos_that_mean_the_bot_are_answered(bot: RunningBot, meet: Meet) -> None:
    ana, _ = meet()
    trip = bot.server.group(-5000, "Trip", [ana])
    trip.send_photo(ana, picture(RED, 6), "Nice, is it not?")
    trip.send_text(ana, "hello everybody")
    mentioned = trip.send_photo(ana, picture(RED, 7), "@landmark_bot where is this?")
    reply = answer(trip, mentioned)
    commanded = trip.send_photo(ana, picture(BLUE, 7), "/where")
    replied = trip.send_photo(ana, picture(GREEN, 7), reply_to=reply)
    assert answer(trip, commanded).text.startswith("🏛 Tokyo Skytree")
    assert answer(trip, replied).text.startswith("🏛 Great Wall")
    bot.settle()
    assert len(trip.from_bot) == 3


def test_coordinates_are_not_shown_to_a_group(bot: RunningBot, meet: Meet) -> None:
    ana, _ = meet()
    trip = bot.server.group(-5002, "Trip", [ana])
    photo = trip.send_document(ana, gps_photo(RED, 48.86, 2.30), "a.jpg", "image/jpeg", "@landmark_bot")
    reply = answer(trip, photo)
    assert reply.text.startswith("🏛 Eiffel Tower")
    assert "km" not in reply.text


def test_what_is_said_to_another_bot_is_not_answered(bot: RunningBot, meet: Meet) -> None:
    ana, _, trip = group(bot, meet)
    for text in ("/help@other_bot", "/places@other_bot", "/forget@landmark_bot_2", "@other_bot hello"):
        trip.send_text(ana, text)
    for caption in ("/where@other_bot", "@other_bot what is this?", "mail me at me@landmark_bot.example"):
        trip.send_photo(ana, picture(RED, 120), caption)
    last = trip.send_text(ana, "/labels@Landmark_Bot")
    assert said(trip, last).text.startswith("I know 3 landmarks:")
    bot.settle()
    assert len(trip.from_bot) == 1


def test_what_is_no_photo_is_not_answered(bot: RunningBot, meet: Meet) -> None:
    ana, _, trip = group(bot, meet)
    trip.send_sticker(ana)
    trip.send_video(ana, "@landmark_bot")
    trip.send_location(ana, 48.85, 2.29)
    trip.send_text(ana, "@landmark_bot good morning")
    trip.send_document(ana, b"%PDF-1.7", "tickets.pdf", "application/pdf")
    bot.settle()
    assert trip.from_bot == []


def test_a_photo_that_replies_to_somebody_else_is_not_meant(bot: RunningBot, meet: Meet) -> None:
    ana, ben, trip = group(bot, meet)
    trip.send_photo(ben, picture(RED, 121), reply_to=trip.send_text(ana, "Show me!"))
    bot.settle()
    assert trip.from_bot == []


def test_whoever_taps_decides_in_their_own_name(bot: RunningBot, meet: Meet) -> None:
    ana, ben, trip = group(bot, meet)
    reply = answer(trip, trip.send_photo(ana, picture(RED, 122), "@landmark_bot"))
    tapped(trip, ana, reply, "Right")
    assert tapped(trip, ben, reply, "Tokyo Skytree") == "Thank you!"
    assert reply.text.endswith("👤 Ben\n✔ Noted: Tokyo Skytree. Thank you!")
    last = bot.rows("SELECT who, revoked_at FROM decision ORDER BY id DESC LIMIT 2")
    assert last == [(f"telegram:{ben.id}", None), (f"telegram:{ana.id}", None)]


def test_the_message_shows_who_spoke_last_and_gives_back_what_was_said_before(bot: RunningBot, meet: Meet) -> None:
    ana, ben, trip = group(bot, meet)
    reply = answer(trip, trip.send_photo(ana, picture(RED, 125), "@landmark_bot"))
    before = reply.text
    tapped(trip, ana, reply, "None of these")
    assert reply.text.endswith("👤 Ana\n✔ Noted: none of these. Thank you!")
    assert tapped(trip, ben, reply, "None of these") == "Thank you!"  # Ana's choice is not taken back
    assert reply.text.endswith("👤 Ben\n✔ Noted: none of these. Thank you!")
    tapped(trip, ben, reply, "Tokyo Skytree")
    assert reply.text.endswith("👤 Ben\n✔ Noted: Tokyo Skytree. Thank you!")
    assert tapped(trip, ben, reply, "Tokyo Skytree") == "Undone."
    assert reply.text.endswith("👤 Ana\n✔ Noted: none of these. Thank you!")
    assert tapped(trip, ana, reply, "None of these") == "Undone."
    assert reply.text == before


def test_an_admin_who_is_anonymous_is_not_named(bot: RunningBot, meet: Meet) -> None:
    ana, ben, trip = group(bot, meet)
    trip.anonymous_admins.add(ben.id)
    reply = answer(trip, trip.send_photo(ana, picture(RED, 126), "@landmark_bot"))
    tapped(trip, ben, reply, "Right")
    assert reply.text.endswith("\n\n✔ Confirmed. Thank you!")
    assert "👤" not in reply.text


def test_what_is_said_in_a_group_stays_there(bot: RunningBot, meet: Meet) -> None:
    ana, ben, trip = group(bot, meet)
    other = bot.server.group(next(GROUPS), "Others", [ana, ben])
    reply = answer(trip, trip.send_photo(ana, picture(RED, 127), "@landmark_bot"))
    tapped(trip, ana, reply, "Tokyo Skytree")
    for chat, person, caption in ((other, ana, "@landmark_bot"), (ana.private(), ana, ""), (ben.private(), ben, "")):
        assert "Noted" not in answer(chat, chat.send_photo(person, picture(RED, 127), caption)).text


def test_a_name_is_taken_only_as_a_reply_to_the_question(bot: RunningBot, meet: Meet) -> None:
    ana, ben, trip = group(bot, meet)
    reply = answer(trip, trip.send_photo(ana, picture(GREY, 123), "@landmark_bot"))
    tapped(trip, ana, reply, "Something else")
    question = said(trip, reply)
    trip.send_text(ben, "Eiffel Tower")
    typed = trip.send_text(ana, "Great Wall of China", reply_to=question)
    assert said(trip, typed).text.startswith("✔ Noted: Great Wall of China. Thank you!")
    assert reply.text.endswith("✔ Noted: Great Wall of China. Thank you!")


@pytest.mark.parametrize("command", ["/places", "/stats", "/find wall"])
def test_a_person_sees_only_their_own_photos_there_too(command: str, bot: RunningBot, meet: Meet) -> None:
    ana, ben, trip = group(bot, meet)
    answer(trip, trip.send_photo(ana, picture(GREEN, 124), "@landmark_bot"))
    told = answer(trip, trip.send_text(ben, command)).text
    assert told.startswith("You have not sent me a photo of")


def test_messages_show_nothing_of_a_person_who_was_forgotten(bot: RunningBot, meet: Meet) -> None:
    ana, ben, trip = group(bot, meet)
    one, other = (answer(trip, trip.send_photo(ben, picture(RED, n), "@landmark_bot")) for n in (128, 129))
    before = one.text
    tapped(trip, ben, other, "Right")
    for reply in (one, other):
        tapped(trip, ana, reply, "Tokyo Skytree")
        assert reply.text.endswith("👤 Ana\n✔ Noted: Tokyo Skytree. Thank you!")
    chat = ana.private()
    tapped(chat, ana, said(chat, chat.send_text(ana, "/forget")), "Yes")
    bot.wait("both to be changed", lambda: not any("Ana" in reply.text for reply in (one, other)))
    assert one.text == before
    assert other.text.endswith("👤 Ben\n✔ Confirmed. Thank you!")

"""Albums: several photos, one answer."""

from __future__ import annotations

import time
from itertools import count

import pytest

from tests.bot.conftest import Meet, Start
from tests.bot.running import ANSWER_S, BLUE, GREEN, GREY, RED, UNSURE, RunningBot, answer, gps_photo, picture, texts
from tests.botapi import BotApiServer, Message, PeopleChat, Person, Slow

BROKEN = picture(RED)[:900]
GROUPS = count(-9500, -1)


def album_of_files(chat: PeopleChat, person: Person, *contents: bytes) -> list[Message]:
    with chat.state.changed:  # the bot hears of all at once
        return [
            chat.send_document(person, content, f"{number}.jpg", "image/jpeg", media_group_id="files")
            for number, content in enumerate(contents)
        ]


def test_an_album_has_one_answer_whatever_the_order_of_its_photos(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    photos = [picture(RED, 3), picture(RED, 4), picture(BLUE, 3), picture(GREY, 3)]
    messages = chat.send_album(ana, photos, "Holidays", order=[2, 0, 3, 1])
    reply = answer(chat, messages[0])
    bot.settle()
    assert [message.text for message in chat.from_bot] == [reply.text]
    assert "🏛 Eiffel Tower\nParis, France\n▰▰▰▰▰▰▰▰▰▰ 99% · on 2 of 4 photos" in reply.text
    assert "🏛 Tokyo Skytree\nTokyo, Japan\n▰▰▰▰▰▰▰▰▰▰ 95% · on 1 of 4 photos" in reply.text


def test_a_photo_that_comes_late_to_its_album_changes_the_answer(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    first = chat.send_photo(ana, picture(RED, 5), media_group_id="late")
    reply = answer(chat, first)
    chat.send_photo(ana, picture(BLUE, 5), media_group_id="late")
    chat.wait_for_edit(reply, timeout_s=ANSWER_S)
    bot.settle()
    assert "Eiffel Tower\nParis, France\n▰▰▰▰▰▰▰▰▰▰ 96% · on 1 of 2" in reply.text
    assert "🏛 Tokyo Skytree" in reply.text
    assert len(chat.from_bot) == 1


def test_in_a_group_an_album_is_meant_if_one_of_its_photos_is(bot: RunningBot, meet: Meet) -> None:
    ana, _ = meet()
    trip = bot.server.group(-5001, "Trip", [ana])
    trip.send_album(ana, [picture(RED, 8), picture(BLUE, 8)], "us")
    meant = trip.send_album(ana, [picture(RED, 9), picture(BLUE, 9)], "@landmark_bot", order=[1, 0])
    reply = answer(trip, meant[0])
    bot.settle()
    assert "🏛 Eiffel Tower" in reply.text
    assert "🏛 Tokyo Skytree" in reply.text
    assert len(trip.from_bot) == 1


def test_photos_of_an_album_that_cannot_be_read_are_counted_and_the_others_answered(
    bot: RunningBot, meet: Meet
) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_album(ana, [picture(RED, 110), BROKEN, BROKEN, picture(BLUE, 110)])[0])
    bot.settle()
    assert texts(chat) == [reply.text]
    assert reply.text.endswith("2 photos could not be read.")
    assert reply.text.count("· on 1 of 2 photos") == 2


def test_an_album_of_which_nothing_can_be_read_gets_one_sentence(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    chat.send_album(ana, [BROKEN, BROKEN + b" ", BROKEN + b"  "])
    bot.settle()
    assert texts(chat) == ["This image ends in the middle, so I cannot read it. Please send it again."]


def test_files_are_an_album_too_and_a_contradiction_in_it_is_said_once(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    vegas, plain = gps_photo(RED, 36.11, -115.17), picture(GREEN, 111)
    reply = answer(chat, album_of_files(chat, ana, vegas, plain, vegas)[0])
    bot.settle()
    assert texts(chat) == [reply.text]
    assert "🏛 Great Wall of China" in reply.text
    assert reply.text.count("taken 8,733 km from Eiffel Tower. That makes it less likely.") == 1


def test_coordinates_in_an_album_raise_what_the_other_photos_leave_open(meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, album_of_files(chat, ana, gps_photo(UNSURE, 48.86, 2.30), picture(GREY, 112))[0])
    assert reply.text.startswith("🏛 Eiffel Tower")
    assert "That makes it likelier." in reply.text


def test_an_album_with_a_file_over_20_mb_is_answered_without_it(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    fetched = len(bot.server.calls("getFile"))
    with chat.state.changed:
        first = chat.send_document(ana, picture(RED, 113), "1.jpg", "image/jpeg", media_group_id="large")
        chat.send_document(ana, b"", "2.tif", "image/tiff", media_group_id="large", file_size=30_000_000)
    assert answer(chat, first).text.endswith("1 photo could not be read.")
    assert len(bot.server.calls("getFile")) == fetched + 1


def test_an_album_beyond_the_days_limit_is_told_so_once(server: BotApiServer, start: Start) -> None:
    bot, ana = start(bot_daily_limit=1), server.person(1, "Ana")
    chat = ana.private()
    chat.send_album(ana, [picture(RED, number) for number in range(4)])
    bot.settle()
    chat.send_photo(ana, picture(RED, 9))
    bot.settle()
    limit = "That was the last of 1 photos for today. I am looking forward to tomorrow!"
    assert [text.splitlines()[0] for text in texts(chat)] == ["🏛 Eiffel Tower", limit, limit]


def test_all_photos_of_an_album_in_a_group_count_for_the_days_limit(server: BotApiServer, start: Start) -> None:
    bot, ana = start(bot_daily_limit=4), server.person(1, "Ana")
    trip = server.group(-5003, "Trip", [ana])
    answer(trip, trip.send_album(ana, [picture(RED, number) for number in range(3)], "@landmark_bot")[0])
    bot.settle()
    assert bot.rows("SELECT photos FROM telegram_person") == [(3,)]
    album = trip.send_album(ana, [picture(BLUE, number) for number in range(3)])
    bot.settle()
    answer(trip, trip.send_text(ana, "/suggest", reply_to=album[1]))  # its first photo is within the limit
    refused = trip.send_photo(ana, picture(RED, 9), "@landmark_bot")
    assert answer(trip, refused).text.startswith("That was the last of 4 photos for today.")


def test_two_albums_at_a_time_are_two_answers(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    one, other = (chat.send_album(ana, [picture(colour, 114), picture(colour, 115)]) for colour in (RED, BLUE))
    bot.settle()
    assert [message.reply_to for message in chat.from_bot] == [one[0].id, other[0].id]
    assert [text.splitlines()[0] for text in texts(chat)] == ["🏛 Eiffel Tower", "🏛 Tokyo Skytree"]


def test_a_stop_does_not_wait_for_an_album(server: BotApiServer, start: Start) -> None:
    bot, ana = start(), server.person(1, "Ana")
    server.faults.always("download", Slow(60))
    ana.private().send_album(ana, [picture(RED, 1), picture(RED, 2)])
    bot.wait("the downloads", lambda: len(server.calls("getFile")) == 2)
    time.sleep(1)  # the album is complete
    before = time.monotonic()
    assert bot.stop() == 0
    assert time.monotonic() - before < 20
    assert "Traceback" not in bot.output


@pytest.mark.parametrize("late", [0, 1, 2])
def test_in_a_group_an_album_is_answered_whenever_the_mention_comes(late: int, bot: RunningBot, meet: Meet) -> None:
    ana, _ = meet()
    trip, album = bot.server.group(next(GROUPS), "Trip", [ana]), f"mention {late}"
    numbers = [number for number in (0, 1, 2) if number != late]
    for number in numbers:
        trip.send_photo(ana, picture(RED, 300 + number), media_group_id=album)
    bot.settle()  # the album is complete, as far as anybody knows
    mention = trip.send_photo(ana, picture(BLUE, 300), "@landmark_bot", media_group_id=album)
    bot.settle()
    (reply,) = trip.from_bot
    assert "Paris, France\n▰▰▰▰▰▰▰▰▰▰ 99% · on 2 of 3 photos" in reply.text
    assert "Tokyo, Japan\n▰▰▰▰▰▰▰▰▰▰ 95% · on 1 of 3 photos" in reply.text
    assert reply.reply_to in {message.id for message in trip.messages} - {mention.id}


def test_in_a_group_a_late_photo_joins_the_answer(bot: RunningBot, meet: Meet) -> None:
    ana, _ = meet()
    trip = bot.server.group(next(GROUPS), "Trip", [ana])
    trip.send_photo(ana, picture(RED, 303), "@landmark_bot", media_group_id="late")
    bot.settle()
    for colour in (BLUE, GREEN):
        trip.send_photo(ana, picture(colour, 303), media_group_id="late")
        bot.settle()
    (reply,) = trip.from_bot
    assert reply.text.count("· on 1 of 3 photos") == 3


def test_a_late_photo_joins_an_answer_with_all_its_reasons(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    near, far = gps_photo(UNSURE, 48.86, 2.30), gps_photo(BLUE, 36.11, -115.17)
    album_of_files(chat, ana, near, BROKEN)
    bot.settle()
    for content in (far, BROKEN + b" ", picture(GREEN, 304)):
        chat.send_document(ana, content, "a.jpg", "image/jpeg", media_group_id="files")
        bot.settle()
    (reply,) = chat.from_bot
    assert "taken 0.4 km from Eiffel Tower. That makes it likelier." in reply.text
    assert "from Tokyo Skytree. That makes it less likely." in reply.text
    assert "🏛 Tokyo Skytree" in reply.text
    assert "🏛 Eiffel Tower\nParis, France\n▰▰▰▰▰▰▰▰▱▱ 76% · on 1 of 3 photos" in reply.text
    assert reply.text.endswith("2 photos could not be read.")


def test_an_album_of_which_only_a_late_photo_can_be_read_is_answered_in_the_same_message(
    bot: RunningBot, meet: Meet
) -> None:
    ana, chat = meet()
    chat.send_album(ana, [BROKEN, BROKEN + b" "])
    bot.settle()
    group_id = chat.messages[0].json["media_group_id"]
    chat.send_photo(ana, picture(RED, 305), media_group_id=group_id)
    bot.settle()
    (reply,) = chat.from_bot
    assert reply.text.startswith("🏛 Eiffel Tower")
    assert reply.text.endswith("2 photos could not be read.")


@pytest.mark.parametrize("order", ["photo first", "video first", "video late", "photo late"])
def test_an_album_with_videos_is_answered_once(order: str, bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    kinds = ["video", "photo"] if order in ("video first", "photo late") else ["photo", "video"]
    for kind in kinds:
        if kind == "photo":
            chat.send_photo(ana, picture(RED, 306), media_group_id="mixed")
        else:
            chat.send_video(ana, media_group_id="mixed")
        if "late" in order:
            bot.settle()
    bot.settle()
    (reply,) = chat.from_bot
    assert reply.text.startswith("🏛 Eiffel Tower")
    assert reply.text.endswith("1 video was left out: I cannot watch videos yet.")


def test_an_album_of_videos_is_answered_once(bot: RunningBot, meet: Meet) -> None:
    (ana, chat), (ben, _) = meet(), meet("Ben")
    trip = bot.server.group(next(GROUPS), "Trip", [ben])
    for where, who, caption in ((chat, ana, None), (trip, ben, "@landmark_bot")):
        with where.state.changed:
            for _ in range(3):
                where.send_video(who, caption, media_group_id="videos")
    bot.settle()
    assert texts(chat) == ["I cannot watch videos yet. Please send me a photo of the place."]
    assert trip.from_bot == []


def test_a_mention_on_a_video_brings_the_answer_to_the_albums_photos(bot: RunningBot, meet: Meet) -> None:
    ana, _ = meet()
    trip = bot.server.group(next(GROUPS), "Trip", [ana])
    trip.send_photo(ana, picture(RED, 307), media_group_id="mixed")
    bot.settle()
    trip.send_video(ana, "@landmark_bot", media_group_id="mixed")
    bot.settle()
    (reply,) = trip.from_bot
    assert reply.text.startswith("🏛 Eiffel Tower")

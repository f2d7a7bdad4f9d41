"""Landmarks without a photo: around a location, and by name in any chat."""

from __future__ import annotations

from itertools import count

import pytest

from tests.bot.conftest import Meet, Start
from tests.bot.running import BLUE, RED, RunningBot, answer, picture, said
from tests.botapi import BotApiServer, Message

GROUPS = count(-15_000, -1)


def test_the_landmarks_around_a_location_are_listed_nearest_first(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    here = chat.send_location(ana, 48.86, 2.35)
    reply = said(chat, here)
    assert reply.text.splitlines() == [
        "The landmarks nearest to you:",
        "",
        "• Eiffel Tower, Paris, France: 4.1 km",
        "• Great Wall of China, Badaling, Beijing, China: 8,157 km",
        "• Tokyo Skytree, Tokyo, Japan: 9,715 km",
    ]
    assert next(mark["url"] for mark in reply.marks).startswith("https://www.openstreetmap.org/?mlat=48.8584")
    bot.settle()
    assert bot.rows("SELECT content FROM telegram_update WHERE update_id = ?", here.update_id) == [(None,)]


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("en", "• Eiffel Tower, Paris, France: right here"),
        ("de", "• Eiffelturm, Paris, Frankreich: genau hier"),
        ("ru", "• Эйфелева башня, Париж, Франция: прямо здесь"),
    ],
)
def test_where_one_stands_is_right_here(code: str, line: str, meet: Meet) -> None:
    ana, chat = meet("Ana", code)
    assert said(chat, chat.send_location(ana, 48.8585, 2.2946)).text.splitlines()[2] == line


def test_a_location_on_the_move_is_answered_once_and_not_stored(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    live = chat.send_location(ana, 48.86, 2.35)
    said(chat, live)
    with bot.server.state.changed:
        moved = live.json | {"location": {"latitude": 35.7, "longitude": 139.8}, "edit_date": live.json["date"]}
        number = bot.server.state.updates.put("edited_message", moved)
    bot.settle()
    assert len(chat.from_bot) == 1
    assert bot.rows("SELECT count(*) FROM telegram_update WHERE update_id = ?", number) == [(1,)]


def test_in_a_group_people_may_tell_each_other_where_they_are(bot: RunningBot, meet: Meet) -> None:
    ana, _ = meet()
    trip = bot.server.group(next(GROUPS), "Trip", [ana])
    reply = answer(trip, trip.send_photo(ana, picture(RED, 520), "@landmark_bot"))
    trip.send_service(ana, location={"latitude": 48.86, "longitude": 2.35}, reply_to_message=reply.quoted())
    bot.settle()
    assert trip.from_bot == [reply]


def names(results: list[dict[str, object]]) -> list[object]:
    return [result["title"] for result in results]


def test_a_name_after_the_bots_is_offered_as_a_venue(meet: Meet) -> None:
    ana, _ = meet("Ana", "de")
    (tower,) = ana.type_inline("eiffel").wait_for_results()
    place = {"latitude": 48.8584, "longitude": 2.2945, "title": "Eiffelturm", "address": "Paris, Frankreich"}
    assert {name: tower[name] for name in ("type", *place)} == {"type": "venue", **place}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["Eiffel Tower", "Great Wall of China", "Tokyo Skytree"]),
        ("Tour Eiffel", ["Eiffel Tower"]),
        ("tokio", ["Tokyo Skytree"]),
        ("эйф", ["Eiffel Tower"]),
        ("to", ["Eiffel Tower", "Tokyo Skytree"]),  # one of its names is Tour Eiffel
        ("xyzzy", []),
        ("x" * 256, []),
    ],
)
def test_similar_names_are_offered_and_no_others(text: str, found: list[str], meet: Meet) -> None:
    ana, _ = meet()
    assert names(ana.type_inline(text).wait_for_results()) == found


def test_what_is_typed_in_other_chats_is_not_kept(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    photo: Message = chat.send_photo(ana, picture(BLUE, 521))
    ana.type_inline("eiffel").wait_for_results()
    answer(chat, photo)
    bot.settle()
    contents = bot.rows("SELECT content, chat_id FROM telegram_update WHERE user_id = ?", ana.id)
    assert contents == [(None, ana.id)] * 2


def test_help_tells_of_inline_mode_where_it_is_on(server: BotApiServer, start: Start) -> None:
    server.state.inline_mode = True
    start()
    ana = server.person(1, "Ana")
    hint = "In any chat, type @landmark_bot and a name to send a landmark there."
    assert hint in said(ana.private(), ana.private().send_text(ana, "/help")).text.splitlines()


def test_who_may_not_use_the_bot_finds_nothing(server: BotApiServer, start: Start) -> None:
    bot = start(bot_allow="[1]")
    ana, ben = server.person(1, "Ana"), server.person(2, "Ben")
    refused = ben.type_inline("eiffel")
    assert names(ana.type_inline("eiffel").wait_for_results(60)) == ["Eiffel Tower"]
    bot.settle()
    assert refused.results is None

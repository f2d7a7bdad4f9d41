"""Nothing comes back of a person who was forgotten while their photos were in work."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bot.conftest import Start
from tests.bot.running import RED, RunningBot, answer, picture, said, tapped
from tests.botapi import BotApiServer, PeopleChat, Person, Silent, Slow, too_many

NUMBER, TRIP = 987654321, -9
BUSY_S = 4.0  # how long a photo is in work

Send = Callable[[PeopleChat, Person], object]


@pytest.fixture
def ana(server: BotApiServer) -> Person:
    return server.person(NUMBER, "Ana")


def photo(trip: PeopleChat, ana: Person) -> object:
    return trip.send_photo(ana, picture(RED), "@landmark_bot")


def file(trip: PeopleChat, ana: Person) -> object:
    return trip.send_document(ana, picture(RED, 1), "a.jpg", "image/jpeg", "@landmark_bot")


def album(trip: PeopleChat, ana: Person) -> object:
    return trip.send_album(ana, [picture(RED), picture(RED, 1), picture(RED, 2)], "@landmark_bot")


def forget(bot: RunningBot, ana: Person) -> None:
    chat = ana.private()
    question = said(chat, chat.send_text(ana, "/forget"))
    tapped(chat, ana, question, "Yes")
    bot.wait("the answer", lambda: question.text == "Everything that I knew about you has been deleted.")


def assert_nothing_is_left(bot: RunningBot, folder: Path) -> None:
    bot.settle()
    for table in ("photo", "assessment", "suggestion", "file", "telegram_photo", "telegram_answer", "telegram_person"):
        assert bot.rows(f"SELECT * FROM {table}") == [], table
    assert bot.rows("SELECT * FROM telegram_update WHERE user_id = ?", NUMBER) == []
    assert [found for found in (folder / "telegram").rglob("*") if found.is_file()] == []
    assert "Traceback" not in bot.output, bot.output


@pytest.mark.parametrize("send", [photo, file, album])
@pytest.mark.parametrize("where", ["in the download", "in the model", "in the chat's queue"])
def test_a_photo_in_work_elsewhere_is_forgotten_too(
    where: str,
    send: Send,
    server: BotApiServer,
    start: Start,
    ana: Person,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if where == "in the model":
        monkeypatch.setenv("BOT_TAG_S", str(BUSY_S))
    if where == "in the download":
        server.faults.always("download", Slow(BUSY_S))
    bot = start(bot_keep_photos=True)
    trip, ben = server.group(TRIP, "Trip", [ana]), server.person(6, "Ben")
    asked = said(ana.private(), ana.private().send_text(ana, "/help"))
    if where == "in the chat's queue":
        server.faults.next("sendMessage", too_many(int(BUSY_S)), chat_id=TRIP)
        asked = trip.send_text(ben, "/labels")
    before = time.monotonic()
    send(trip, ana)
    if where != "in the download":
        bot.wait("the download", lambda: len(server.calls("download")) >= 1)
    bot.wait(
        "the photo",
        lambda: bot.rows("SELECT 1 FROM telegram_update WHERE chat_id = ? AND user_id = ?", TRIP, NUMBER) != [],
    )
    forget(bot, ana)
    assert time.monotonic() - before < BUSY_S + 30
    if where == "in the chat's queue":
        said(trip, asked)
    time.sleep(max(0.0, before + BUSY_S + 1 - time.monotonic()))
    assert_nothing_is_left(bot, tmp_path)
    assert [message.text for message in trip.from_bot if "Eiffel" in message.text.splitlines()[0]] == []


def test_what_others_send_is_answered_all_the_same(server: BotApiServer, start: Start, ana: Person) -> None:
    start()
    ben = server.person(6, "Ben")
    chat = ben.private()
    answer(ana.private(), ana.private().send_photo(ana, picture(RED)))
    said(chat, chat.send_text(ben, "/start"))
    server.faults.next("sendMessage", too_many(4), chat_id=ben.id)
    chat.send_text(ben, "/help")
    sent = chat.send_photo(ben, picture(RED))  # it is recalled, and waits for its turn
    question = said(ana.private(), ana.private().send_text(ana, "/forget"))
    tapped(ana.private(), ana, question, "Yes")
    assert answer(chat, sent).text.startswith("🏛 Eiffel Tower")


def test_an_album_of_others_with_the_same_pictures_is_answered(server: BotApiServer, start: Start, ana: Person) -> None:
    bot = start(bot_album_ms=3000)
    ben = server.person(6, "Ben")
    chat, of_ana = ben.private(), ana.private()
    for number in (1, 2):
        answer(of_ana, of_ana.send_photo(ana, picture(RED, number)))
    said(chat, chat.send_text(ben, "/start"))
    question = said(of_ana, of_ana.send_text(ana, "/forget"))
    album = chat.send_album(ben, [picture(RED, 1), picture(RED, 2)])  # both are recalled
    chat.wait_for_action("typing", timeout_s=60)
    tapped(of_ana, ana, question, "Yes")
    assert "on 2 of 2 photos" in answer(chat, album[0]).text
    bot.settle()
    assert "Traceback" not in bot.output


def test_an_answer_in_doubt_elsewhere_is_not_sent(
    server: BotApiServer, start: Start, ana: Person, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BOT_MAY_STILL_ARRIVE_S", "30")
    bot, trip = start(), server.group(TRIP, "Trip", [ana])
    said(ana.private(), ana.private().send_text(ana, "/help"))
    server.faults.next("sendMessage", Silent(), chat_id=TRIP)
    photo(trip, ana)
    server.state.wait(lambda: server.faults.left == 0, 60, "the answer")
    time.sleep(0.5)
    bot.kill()
    bot.start()
    forget(bot, ana)
    assert_nothing_is_left(bot, tmp_path)
    assert trip.from_bot == []


def test_what_is_sent_after_it_is_answered(start: Start, ana: Person) -> None:
    bot, chat = start(), ana.private()
    forget(bot, ana)
    assert answer(chat, chat.send_photo(ana, picture(RED))).text.startswith("🏛 Eiffel Tower")


def test_buttons_of_a_forgotten_answer_decide_nothing(start: Start, ana: Person) -> None:
    bot, chat = start(), ana.private()
    old = answer(chat, chat.send_photo(ana, picture(RED)))
    forget(bot, ana)
    new = answer(chat, chat.send_photo(ana, picture(RED, 1)))
    assert tapped(chat, ana, old, "None of these").startswith("I no longer remember this photo.")
    assert bot.rows("SELECT count(*) FROM decision") == [(0,)]
    assert "Noted" not in new.text

"""What the bot stores about a person, what it forgets, and that it never logs its token."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.bot.conftest import Start
from tests.bot.running import (
    GREY,
    RED,
    START_S,
    RunningBot,
    answer,
    gps_photo,
    picture,
    said,
    tapped,
)
from tests.botapi import BotApiServer, GatewayError, PeopleChat, Person, Refused, Reset

NAME, LAST, USER = "Anastasia-Wilhelmine", "Featherstonehaugh", "ana_fea_1987"
SECRET_TEXT = "my grandmother's house number 4711"
NUMBER = 987654321


@pytest.fixture
def ana(server: BotApiServer) -> Person:
    return server.person(NUMBER, NAME, "en", last_name=LAST, username=USER)


def everything(folder: Path, database: Path) -> bytes:
    """Every byte that the bot has on disk, and its database as text."""
    files = [file.read_bytes() for file in folder.rglob("*") if file.is_file() and file.name != "output.txt"]
    connection = sqlite3.connect(database)
    dump = "\n".join(connection.iterdump()).encode()
    connection.close()
    return b"\n".join([*files, dump])


def whole_life(bot: RunningBot, ana: Person, chat: PeopleChat) -> None:
    """Do everything that leaves a row."""
    said(chat, chat.send_text(ana, "/language en"))
    reply = answer(chat, chat.send_photo(ana, picture(RED, 1), SECRET_TEXT))
    answer(chat, chat.send_document(ana, gps_photo(RED, 48.8612, 2.3013), "secret_name.jpg", "image/jpeg", SECRET_TEXT))
    answer(chat, chat.send_album(ana, [picture(RED, 1), picture(GREY, 1)])[0])
    tapped(chat, ana, reply, "None of these")
    tapped(chat, ana, reply, "Something else")
    said(chat, said(chat, chat.send_text(ana, SECRET_TEXT)))
    bot.settle()


def forget(bot: RunningBot, ana: Person, chat: PeopleChat) -> None:
    question = said(chat, chat.send_text(ana, "/forget"))
    tapped(chat, ana, question, "Yes")
    assert question.text == "Everything that I knew about you has been deleted."
    bot.settle()
    if bot.server_url:
        return
    log = bot.database.with_name(bot.database.name + "-wal")
    bot.wait("the database's log to be emptied", lambda: not log.exists() or log.stat().st_size == 0)


@pytest.mark.sqlite  # see docs/POSTGRES.md: there, deleted bytes stay in pages and in the log for a while
def test_forget_leaves_nothing_not_even_in_the_files_free_space(
    server: BotApiServer, start: Start, ana: Person, tmp_path: Path
) -> None:
    bot, chat = start(bot_daily_limit=100), ana.private()
    ben = server.person(5, "Ben")
    answer(ben.private(), ben.private().send_photo(ben, picture(RED, 2)))
    whole_life(bot, ana, chat)
    assert str(NUMBER).encode() in everything(tmp_path, bot.database)
    forget(bot, ana, chat)
    for kill in (False, True):
        if kill:
            bot.kill()
        left = everything(tmp_path, bot.database)
        for trace in (str(NUMBER), NAME, LAST, USER, SECRET_TEXT, "4711", "secret_name", "48.86", "2.3013"):
            assert trace.encode() not in left, trace
    assert bot.rows("SELECT user_id FROM telegram_photo") == [(5,)]
    assert bot.rows("SELECT count(*) FROM photo") == [(1,)]
    assert bot.rows("SELECT count(*) FROM telegram_update WHERE user_id <> 5 OR user_id IS NULL") == [(0,)]


@pytest.mark.sqlite  # it reads the database's own files
def test_names_texts_and_coordinates_are_not_even_stored(start: Start, ana: Person, tmp_path: Path) -> None:
    bot, chat = start(), ana.private()
    whole_life(bot, ana, chat)
    bot.kill()
    left = everything(tmp_path, bot.database)
    for trace in (NAME, LAST, USER, "secret_name", "48.86", "2.3013"):
        assert trace.encode() not in left, trace
    assert bot.rows("SELECT count(*) FROM telegram_update WHERE content IS NOT NULL OR reply IS NOT NULL") == [(0,)]
    # One rough distance; several exact ones would be coordinates in other words.
    evidence = bot.rows("SELECT reason FROM suggestion WHERE reason IS NOT NULL")
    assert evidence == [('{"kind": "near", "km": 0.6}',)]


def test_a_photo_that_somebody_else_sent_too_stays(server: BotApiServer, start: Start, ana: Person) -> None:
    bot, chat = start(), ana.private()
    ben = server.person(5, "Ben")
    answer(ben.private(), ben.private().send_photo(ben, picture(RED)))
    answer(chat, chat.send_photo(ana, picture(RED)))
    forget(bot, ana, chat)
    assert bot.rows("SELECT count(*) FROM photo") == [(1,)]
    again = answer(chat, chat.send_photo(ana, picture(RED)))
    assert again.text.startswith("🏛 Eiffel Tower")


def test_forgetting_asks_first_and_no_means_no(start: Start, ana: Person) -> None:
    bot, chat = start(), ana.private()
    answer(chat, chat.send_photo(ana, picture(RED)))
    question = said(chat, chat.send_text(ana, "/forget"))
    assert bot.rows("SELECT count(*) FROM telegram_photo") == [(1,)]
    tapped(chat, ana, question, "No")
    assert question.text == "Nothing was deleted."
    assert bot.rows("SELECT count(*) FROM telegram_photo") == [(1,)]


def test_in_a_group_nobody_else_can_forget_for_somebody(server: BotApiServer, start: Start, ana: Person) -> None:
    bot = start()
    ben = server.person(5, "Ben")
    trip = server.group(-7, "Trip", [ana, ben])
    answer(trip, trip.send_photo(ana, picture(RED), "@landmark_bot"))
    question = said(trip, trip.send_text(ana, "/forget"))
    assert tapped(trip, ben, question, "Yes") == "This question is for somebody else."
    assert bot.rows("SELECT count(*) FROM telegram_photo") == [(1,)]


def test_photos_are_deleted_after_the_answer(start: Start, ana: Person, tmp_path: Path) -> None:
    bot, chat = start(), ana.private()
    answer(chat, chat.send_photo(ana, picture(RED)))
    answer(chat, chat.send_document(ana, picture(RED)[:500], "broken.jpg", "image/jpeg"))
    bot.settle()
    assert [file for file in (tmp_path / "telegram").rglob("*") if file.is_file()] == []


def test_photos_are_kept_where_that_is_wished_and_are_files_of_the_library_then(
    start: Start, ana: Person, tmp_path: Path
) -> None:
    bot, chat = start(bot_keep_photos=True), ana.private()
    assert said(chat, chat.send_text(ana, "/privacy")).text.startswith("The operator of this bot keeps the photos")
    answer(chat, chat.send_photo(ana, picture(RED)))
    (file,) = (file for file in (tmp_path / "telegram").rglob("*") if file.is_file())
    assert file.read_bytes() == picture(RED)
    assert bot.rows("SELECT path, landmark_id FROM tag JOIN file USING (photo_id)") == [(os.fsencode(file), 1)]
    forget(bot, ana, chat)
    assert not file.exists()
    assert bot.rows("SELECT count(*) FROM photo") == [(0,)]


def test_the_token_is_in_nothing_that_the_bot_says(server: BotApiServer, start: Start, ana: Person) -> None:
    bot, chat = start(log_level="debug"), ana.private()
    server.faults.next("getFile", Reset(), GatewayError(502), Refused(401, "Unauthorized"))
    server.faults.next("sendMessage", Refused(404, "Not Found"), Reset(), GatewayError(500))
    for number in range(4):
        chat.send_photo(ana, picture(RED, number))
    answer(chat, chat.send_photo(ana, picture(RED, 9)))
    assert bot.stop() == 0
    assert len(bot.output) > 300
    assert server.token not in bot.output
    assert server.token.partition(":")[2] not in bot.output


def test_a_wrong_token_is_one_sentence_without_the_token(start: Start) -> None:
    token = "7654321:AAwrong_token_that_nobody_knows_0001"
    bot = start(bot_token=token)
    assert bot.process is not None
    assert bot.process.wait(START_S) == 1
    assert "The Bot API server refuses the token." in bot.output
    assert "Traceback" not in bot.output
    assert "AAwrong" not in bot.output


def test_a_token_may_stand_in_a_file(server: BotApiServer, start: Start, ana: Person, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(server.token + "\n")
    start(bot_token=None, bot_token_file=tmp_path / "token")
    chat = ana.private()
    assert answer(chat, chat.send_photo(ana, picture(RED))).text.startswith("🏛 Eiffel Tower")


def test_answered_updates_and_texts_are_deleted_while_the_bot_runs(
    start: Start, ana: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_TIDY_EVERY_S", "0.3")
    bot, chat = start(), ana.private()
    said(chat, chat.send_text(ana, SECRET_TEXT))
    bot.settle()
    content = "SELECT count(*) FROM telegram_update WHERE content IS NOT NULL"
    bot.wait("the text to be gone", lambda: bot.rows(content) == [(0,)])
    if not bot.server_url:
        bot.wait("the text to be gone from the file", lambda: b"4711" not in everything(tmp_path, bot.database))
    assert bot.rows("SELECT count(*) FROM telegram_update") == [(1,)]  # so that Telegram may repeat it
    bot.change("UPDATE telegram_update SET received_at = '2024-01-01 12:00:00'")
    bot.wait("the update to be gone", lambda: bot.rows("SELECT count(*) FROM telegram_update") == [(0,)])
    assert said(chat, chat.send_text(ana, "/start"))
    assert bot.stop() == 0
    assert "Traceback" not in bot.output


@pytest.mark.sqlite  # a server's readers and its log are the server's
def test_a_reader_does_not_hold_up_the_bot_when_the_log_is_emptied(
    start: Start, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_TIDY_EVERY_S", "0.1")
    bot, chat = start(), ana.private()
    said(chat, chat.send_text(ana, "/start"))
    with closing(sqlite3.connect(bot.database, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM telegram_update").fetchall()
        before = time.monotonic()
        for _ in range(5):
            said(chat, chat.send_text(ana, SECRET_TEXT))
        assert time.monotonic() - before < 20
        reader.execute("COMMIT")

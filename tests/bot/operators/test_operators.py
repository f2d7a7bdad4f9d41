"""What operators control: who may write, how much, webhook or polling, /health and /runs."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from db.engine import open_store
from db.rows import RunCounts, RunStart
from db.write.runs import finish_run, start_run
from tagger.core.extras import install_command
from tests.bot.conftest import Start
from tests.bot.running import GREEN, RED, START_S, RunningBot, answer, free_port, picture, said
from tests.botapi import BotApiServer, Message, Person

SECRET = "a-secret_0123456789"


@pytest.fixture
def ana(server: BotApiServer) -> Person:
    return server.person(77, "Ana")


def test_only_who_is_allowed_is_answered(server: BotApiServer, start: Start, ana: Person) -> None:
    bot, chat, ben = start(bot_allow="[77, -9]"), ana.private(), server.person(78, "Ben")
    assert answer(chat, chat.send_photo(ana, picture(RED))).text.startswith("🏛 Eiffel Tower")
    refused = said(ben.private(), ben.private().send_photo(ben, picture(RED)))
    assert refused.text == "This bot is private. Ask its operator to add your number: 78"
    trip, other = server.group(-9, "Trip", [ben]), server.group(-10, "Others", [ben])
    other.send_photo(ben, picture(RED, 1), "@landmark_bot")
    assert answer(trip, trip.send_photo(ben, picture(RED, 2), "@landmark_bot"))
    bot.settle()
    assert other.from_bot == []


def test_a_persons_photos_of_a_day_are_limited(server: BotApiServer, start: Start, ana: Person) -> None:
    start(bot_daily_limit=2)
    chat, ben = ana.private(), server.person(78, "Ben")
    replies = [said(chat, chat.send_photo(ana, picture(RED, number))).text for number in range(3)]
    assert [text.startswith("🏛") for text in replies] == [True, True, False]
    assert replies[2] == "That was the last of 2 photos for today. I am looking forward to tomorrow!"
    assert answer(ben.private(), ben.private().send_photo(ben, picture(RED))).text.startswith("🏛")


def test_the_limit_of_anonymous_admins_is_of_their_group(server: BotApiServer, start: Start, ana: Person) -> None:
    start(bot_daily_limit=1)
    for number in (-9, -10):
        trip = server.group(number, "Trip", [ana])
        admin = server.anonymous(trip)
        replies = [said(trip, trip.send_photo(admin, picture(RED, n), "@landmark_bot")).text for n in range(2)]
        assert [text.startswith("🏛") for text in replies] == [True, False]


def test_the_limit_is_of_a_day(start: Start, ana: Person) -> None:
    bot, chat = start(bot_daily_limit=1), ana.private()
    replies = [said(chat, chat.send_photo(ana, picture(RED, number))).text for number in range(2)]
    bot.settle()
    bot.change("UPDATE telegram_person SET day = '2026-01-01'")
    replies.append(said(chat, chat.send_photo(ana, picture(RED, 2))).text)
    assert [text.startswith("🏛") for text in replies] == [True, False, True]


def test_whoever_is_not_allowed_can_tap_nothing(server: BotApiServer, start: Start, ana: Person) -> None:
    bot, ben = start(bot_allow="[77]"), server.person(78, "Ben")
    trip = server.group(-9, "Trip", [ana, ben])
    reply = answer(trip, trip.send_photo(ana, picture(RED), "@landmark_bot"))
    trip.tap(ben, reply, "Tokyo Skytree")
    bot.settle()
    assert bot.rows("SELECT count(*) FROM decision") == [(0,)]
    assert reply.versions == []


def test_health_and_runs_are_for_the_admin_chat_alone(server: BotApiServer, start: Start, ana: Person) -> None:
    start(bot_admin_chat=77)
    chat, ben = ana.private(), server.person(78, "Ben")
    answer(chat, chat.send_photo(ana, picture(RED)))
    health = said(chat, chat.send_text(ana, "/health")).text
    assert "engine: openvino on CPU" in health
    assert "since start: 1 tagged, 0 without a known landmark, 0 failed, 0 known by content" in health
    assert "running" in said(chat, chat.send_text(ana, "/runs")).text
    for command in ("/health", "/runs"):
        assert said(ben.private(), ben.private().send_text(ben, command)).text.startswith("I can only look at photos.")


def tag_folder(bot: RunningBot, model: Path, folder: Path) -> None:
    folder.mkdir()
    (folder / "a.jpg").write_bytes(picture(GREEN))
    command = [sys.executable, "-m", "tagger", "tag", str(folder), "--db", bot.url, "--bundle", str(model)]
    subprocess.run(command, check=True, capture_output=True)


def test_the_admin_chat_is_told_how_a_run_of_the_worker_ended(
    start: Start, ana: Person, model: Path, tmp_path: Path
) -> None:
    bot, chat = start(bot_admin_chat=77, bot_report_runs=True), ana.private()
    greeting = said(chat, chat.send_text(ana, "/start"))
    tag_folder(bot, model, tmp_path / "library")
    report = said(chat, greeting).text
    assert report.startswith("Run 2, ")
    assert "done" in report
    assert "1 tagged, 0 without a known landmark, 0 failed, 0 unchanged" in report


def test_the_admin_chat_is_told_of_a_run_that_failed_and_why(start: Start, ana: Person) -> None:
    bot, chat = start(bot_admin_chat=77, bot_report_runs=True), ana.private()
    greeting = said(chat, chat.send_text(ana, "/start"))
    worker = RunStart("openvino", "CPU", "f32", "for tests", ("/photos",), 5, "1")
    with open_store(bot.url) as store, store.write() as connection:
        number = start_run(connection, worker, model=1)
        finish_run(connection, number, status="failed", counts=RunCounts(tagged=3), error="No <space> left & no hope")
    report = said(chat, greeting).text.splitlines()
    assert report[0].startswith("Run 2, ")
    assert "failed in " in report[0]
    assert report[1:] == [
        "3 tagged, 0 without a known landmark, 0 failed, 0 unchanged (/photos)",
        "No <space> left & no hope",
    ]


def test_the_folder_workers_results_and_the_bots_are_one(
    start: Start, ana: Person, model: Path, tmp_path: Path
) -> None:
    bot, chat = start(), ana.private()
    answer(chat, chat.send_photo(ana, picture(GREEN)))
    tag_folder(bot, model, tmp_path / "library")
    assert bot.rows("SELECT count(*) FROM assessment") == [(1,)]
    assert bot.rows("SELECT inherited FROM run WHERE id = 2") == [(1,)]
    assert bot.rows("SELECT CAST(roots AS TEXT) FROM run WHERE id = 1") == [('["telegram"]',)]


def post(port: int, body: object, secret: str | None) -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/hook", json.dumps(body).encode())
    if secret is not None:
        request.add_header("X-Telegram-Bot-Api-Secret-Token", secret)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def with_webhook(start: Start) -> tuple[RunningBot, int]:
    port = free_port()
    url, listen = f"http://127.0.0.1:{port}/hook", f"127.0.0.1:{port}"
    return start(bot_webhook_url=url, bot_webhook_secret=SECRET, bot_webhook_listen=listen), port


def test_updates_come_by_webhook_too(server: BotApiServer, start: Start, ana: Person) -> None:
    bot, _ = with_webhook(start)
    chat = ana.private()
    photos: list[Message] = [chat.send_photo(ana, picture(RED, number)) for number in range(4)]
    answer(chat, photos[-1])
    assert [message.reply_to for message in chat.from_bot] == [photo.id for photo in photos]
    assert server.calls("getUpdates") == []
    assert bot.stop() == 0
    assert SECRET not in bot.output


def test_a_webhook_call_without_the_secret_is_refused(start: Start, ana: Person) -> None:
    bot, port = with_webhook(start)
    chat = ana.private()
    answer(chat, chat.send_photo(ana, picture(RED)))
    forged = {"update_id": 1, "message": {"message_id": 9, "date": 1, "chat": {"id": 77, "type": "private"}}}
    assert [post(port, forged, secret) for secret in (None, "wrong")] == [403, 403]
    assert post(port, "no update", SECRET) == 400
    bot.settle()
    assert len(chat.from_bot) == 1


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"bot_token": None}, "The bot has no token. Ask @BotFather"),
        ({"bot_token_file": "/nowhere"}, "Both bot_token and bot_token_file are set."),
        ({"bot_token": None, "bot_token_file": "/nowhere"}, "/nowhere, which should contain the bot's token"),
        ({"bot_token": " "}, "The bot's token is empty"),
        ({"bot_webhook_url": "https://example.org/x"}, "bot_webhook_url needs bot_webhook_secret"),
        ({"bot_api_url": "telegram"}, "the setting 'bot_api_url' cannot be 'telegram'"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_is_one_sentence(
    settings: dict[str, object], sentence: str, start: Start
) -> None:
    bot = start(**settings)
    assert bot.process is not None
    assert bot.process.wait(START_S) == 1
    assert sentence in bot.output
    assert "Traceback" not in bot.output


def test_without_its_extra_the_command_says_how_to_install_it() -> None:
    code = "import sys; sys.modules['telegram'] = None\nfrom tagger.cli import main\nmain(['bot'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"Error: The Telegram bot needs the extra 'bot': {install_command('bot')}\n"

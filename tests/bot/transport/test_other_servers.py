"""The bot works with any Bot API server, not only with Telegram's and ours."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tagger.bot.transport.receiver import EMPTY_S
from tests.bot.conftest import Start
from tests.bot.other_server import TOKEN, OtherServer
from tests.bot.running import GREEN, RED, RunningBot, picture

SIZES = [
    {"file_id": "small", "file_unique_id": "u0", "width": 90, "height": 67},
    {"file_id": "large", "file_unique_id": "u1", "width": 320, "height": 240, "colours": 3},
]


@pytest.fixture
def other() -> Iterator[OtherServer]:
    with OtherServer(picture(RED)) as server:
        yield server


@pytest.fixture
def bot(other: OtherServer, start: Start) -> RunningBot:
    return start(bot_api_url=other.url, bot_token=TOKEN)


def test_a_photo_is_answered_and_corrected_by_a_tap(other: OtherServer, bot: RunningBot) -> None:
    photo = other.message(photo=SIZES)
    other.happens("message", photo)
    answer = other.said("sendMessage")
    assert answer["text"].startswith("🏛 <b>Eiffel Tower</b>\nParis, France")
    assert json.loads(answer["reply_parameters"])["message_id"] == photo["message_id"]
    assert other.said("getFile")["file_id"] == "large"
    button = json.loads(answer["reply_markup"])["inline_keyboard"][0][0]
    tap = {"id": "t1", "from": photo["from"], "message": other.message(), "data": button["callback_data"]}
    other.happens("callback_query", tap)
    assert other.said("answerCallbackQuery")["text"] == "Thank you!"
    assert other.said("editMessageText")["text"].endswith("✔ Confirmed. Thank you!")
    assert bot.rows("SELECT verdict FROM decision") == [("shows",)]


def test_a_command_is_understood_although_the_server_marks_none(other: OtherServer, bot: RunningBot) -> None:
    other.happens("message", other.message(text="/labels"))
    assert other.said("sendMessage")["text"].startswith("I know 3 landmarks:")
    assert bot.stop() == 0


def test_an_update_that_nobody_understands_costs_only_itself(other: OtherServer, bot: RunningBot) -> None:
    other.happens("message", {"message_id": 1, "text": "from nowhere"})
    other.happens("message", {"message_id": 2, "chat": {"id": 7}, "photo": "none"})
    other.happens("telepathy", {"thought": "a tower"})
    other.happens("message", other.message(text="/labels"))
    assert other.said("sendMessage")["text"].startswith("I know 3 landmarks:")
    bot.wait("all to be done with", lambda: bot.rows("SELECT DISTINCT state FROM telegram_update") == [("answered",)])
    assert [method for method, _ in other.calls].count("sendMessage") == 1


@pytest.mark.parametrize("is_configured", [True, False])
def test_a_file_on_this_machine_is_read_only_in_the_folder_of_the_server(
    is_configured: bool, other: OtherServer, start: Start, tmp_path: Path
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (tmp_path / "secret.jpg").write_bytes(picture(RED))
    (files / "1.jpg").write_bytes(picture(GREEN))
    (files / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    start(bot_api_url=other.url, bot_token=TOKEN, bot_api_files=files if is_configured else None)
    for count, name in enumerate(("files/1.jpg", "secret.jpg", "files/link.jpg", "files/../secret.jpg"), start=1):
        other.file_path = f"{tmp_path}/{name}"
        other.happens("message", other.message(photo=[{**SIZES[1], "file_unique_id": name}]))
        text = other.said("sendMessage", count)["text"]
        is_read = is_configured and count == 1
        assert text.startswith("🏛 <b>Great Wall" if is_read else "Telegram did not give me this file.")


def test_a_file_is_not_read_beyond_what_a_file_may_have(other: OtherServer, start: Start) -> None:
    start(bot_api_url=other.url, bot_token=TOKEN, max_file_bytes=1_000_000)
    other.photo = bytes(30_000_000)  # the server announced no size
    other.happens("message", other.message(photo=SIZES))
    assert other.said("sendMessage")["text"].startswith("This file is too large for me (1 MB is the limit).")
    assert other.sent_bytes < 25_000_000  # the rest is what sockets hold


@pytest.mark.usefixtures("bot")
def test_a_server_that_never_waits_is_not_asked_without_pause(other: OtherServer) -> None:
    other.said("getUpdates", 3)  # by then it polls
    began = time.monotonic()
    other.said("getUpdates", 13)
    assert time.monotonic() - began > 9 * EMPTY_S

"""The bot works with any Bot API server, not only with Telegram's and ours."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from tagger.bot.transport.receiver import EMPTY_S
from tests.bot.conftest import Start
from tests.bot.other_server import TOKEN, OtherServer
from tests.bot.running import RED, RunningBot, picture

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


@pytest.mark.usefixtures("bot")
def test_a_server_that_never_waits_is_not_asked_without_pause(other: OtherServer) -> None:
    other.said("getUpdates", 3)  # by then it polls
    began = time.monotonic()
    other.said("getUpdates", 13)
    assert time.monotonic() - began > 9 * EMPTY_S

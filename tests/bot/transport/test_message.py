"""Messages that the bot sends, as values."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("telegram", reason="the extra 'bot' is not installed")

from tagger.bot.transport.message import Button, OutgoingMessage


def test_a_message_read_back_is_the_message_that_was_stored() -> None:
    message = OutgoingMessage(1, "<b>Tower</b>", 2, ((Button("Map", "map:1"), Button("None", "none:1")),), answer_id=3)
    assert OutgoingMessage.from_json(json.loads(json.dumps(message.as_json()))) == message


def test_a_button_carries_at_most_64_bytes() -> None:
    assert Button("Map", "é" * 32).data == "é" * 32
    with pytest.raises(ValueError, match="64 bytes"):
        Button("Map", "é" * 32 + "x")

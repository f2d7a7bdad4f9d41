"""What the bot stores about its messages, and the limit of a button."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("telegram", reason="the extra 'bot' is not installed")

from tagger.bot.render.reply_text import ReplyContent, ShownEvidence, ShownLandmark
from tagger.bot.transport.message import Button, OutgoingMessage


def test_a_message_read_back_is_the_message_that_was_stored() -> None:
    message = OutgoingMessage(1, "<b>Tower</b>", 2, ((Button("Map", "map:1"), Button("None", "none:1")),), answer_id=3)
    assert OutgoingMessage.from_json(json.loads(json.dumps(message.as_json()))) == message


def test_a_button_carries_at_most_64_bytes() -> None:
    assert Button("Map", "é" * 32).data == "é" * 32
    with pytest.raises(ValueError, match="64 bytes"):
        Button("Map", "é" * 32 + "x")


def test_what_the_last_version_stored_can_be_read() -> None:
    fields = {"chat_id": 1, "html": "a", "reply_to": 2, "keyboard": [[["Map", "map:3"]]], "asks": False}
    fields |= {"answer_id": 3, "above_chat": 4, "above_shared": 5}
    message = OutgoingMessage(1, "a", 2, ((Button("Map", "map:3"),),), False, 3, 4, 5)
    assert OutgoingMessage.from_json(fields) == message
    assert json.loads(json.dumps(message.as_json())) == fields | {"thread_id": None, "asker_id": None}
    shown = {"places": [[7, 0.9, 1, True]], "reasons": [["near", 7, 0.4]], "photos": 1, "unread": 0}
    content = ReplyContent((ShownLandmark(7, 0.9, 1, True),), (ShownEvidence("near", 7, 0.4),), 1, 0)
    assert ReplyContent.from_json(shown) == content
    assert json.loads(json.dumps(content.as_json())) == shown

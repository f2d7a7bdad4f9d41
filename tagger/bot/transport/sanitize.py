"""Reduces an update to what an answer needs; only that is stored, and only until the answer is sent.

The one rule: a field that is not listed here is not stored. Names of people, chats and files never are, and a caption
is stored only if it may call the bot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from db.telegram.inbox import ReceivedUpdate

KINDS = ("document", "video", "animation", "sticker", "audio", "voice", "video_note")  # kinds of message besides photos
TEXT_FIELDS = ("text", "entities")
CAPTION_FIELDS = ("caption", "caption_entities")
CALL_ENTITIES = {"@": "mention", "/": "bot_command"}
CALL = re.compile(r"(?:^|(?<=\s))[@/]\w+(?:@\w+)?")
MESSAGE_FIELDS = ("message_id", "date", "media_group_id", *TEXT_FIELDS)
FILE_FIELDS = ("file_id", "file_unique_id", "file_size")
# The library requires these:
MEDIA_FIELDS = (*FILE_FIELDS, "width", "height", "length", "duration", "type", "is_animated", "is_video")
USER_FIELDS = ("id", "is_bot", "language_code")
CHAT_FIELDS = ("id", "type")
QUERY_FIELDS = ("id", "chat_instance", "data")
# The library also requires these, and their values do not matter:
NO_NAME = {"first_name": "-"}
NO_CHAT_INSTANCE = {"chat_instance": "-"}
NO_DATE = {"date": 1}


def sanitize(update: dict[str, Any]) -> ReceivedUpdate:
    """An update from Telegram as a row of the inbox."""
    content: dict[str, Any] = {"update_id": update["update_id"]}
    message, sender = None, None
    if query := update.get("callback_query"):
        message, sender = query.get("message"), query.get("from")
        content["callback_query"] = {**NO_CHAT_INSTANCE, **_pick(query, QUERY_FIELDS), "from": _user(sender)}
        if message:
            content["callback_query"]["message"] = _reference(message)
    elif message := update.get("message"):
        sender = message.get("from")
        content["message"] = _message(message)
    chat = (message or {}).get("chat") or {}
    return ReceivedUpdate(
        update["update_id"], chat.get("id"), (sender or {}).get("id"), (message or {}).get("message_id"), content
    )


def _message(message: dict[str, Any]) -> dict[str, Any]:
    message = {**_missing_entities(message), **message}
    kept = {**_pick(message, MESSAGE_FIELDS), "chat": _pick(message["chat"], CHAT_FIELDS)}
    if any(entity.get("type") in CALL_ENTITIES.values() for entity in message.get("caption_entities", ())):
        kept |= _pick(message, CAPTION_FIELDS)
    if "photo" in message:
        kept["photo"] = [_pick(size, MEDIA_FIELDS) for size in message["photo"]]
    kept |= {kind: _pick(message[kind], MEDIA_FIELDS) for kind in KINDS if kind in message}
    if sender := message.get("from"):
        kept["from"] = _user(sender)
    if replied := message.get("reply_to_message"):
        kept["reply_to_message"] = _reference(replied)
        if sender := replied.get("from"):
            kept["reply_to_message"]["from"] = _user(sender)
    return kept


def _missing_entities(message: dict[str, Any]) -> dict[str, Any]:
    """The mentions and commands in a text and a caption, for a server that marks none."""
    names = {"text": "entities", "caption": "caption_entities"}
    return {mark: [*_calls(message[name])] for name, mark in names.items() if message.get(name)}


def _calls(text: str) -> Iterator[dict[str, Any]]:
    for match in CALL.finditer(text):
        start, length = (len(part.encode("utf-16-le")) // 2 for part in (text[: match.start()], match[0]))
        yield {"type": CALL_ENTITIES[match[0][0]], "offset": start, "length": length}


def _reference(message: dict[str, Any]) -> dict[str, Any]:
    return {**NO_DATE, **_pick(message, ("message_id", "date")), "chat": _pick(message["chat"], CHAT_FIELDS)}


def _user(user: dict[str, Any] | None) -> dict[str, Any]:
    return {"is_bot": False, **NO_NAME, **_pick(user or {}, USER_FIELDS)}


def _pick(fields: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: fields[name] for name in names if name in fields}

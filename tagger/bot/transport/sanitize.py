"""An update as far as an answer needs it: what is stored until the answer is sent.

The one rule: what is not named here is not kept. No name of a person, a chat or a file is, since no answer needs one,
and a caption is only if it may call the bot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from db.telegram.inbox import Received

# Kinds of message that get a sentence of their own, or are looked at.
KINDS = ("document", "video", "animation", "sticker", "audio", "voice", "video_note")
TEXTS = ("text", "entities")
CAPTIONS = ("caption", "caption_entities")
CALLS = {"@": "mention", "/": "bot_command"}  # kinds of entity
CALL = re.compile(r"(?:^|(?<=\s))[@/]\w+(?:@\w+)?")
MESSAGE = ("message_id", "date", "media_group_id", *TEXTS)
FILE = ("file_id", "file_unique_id", "file_size")
MEASURES = ("width", "height", "length", "duration", "type", "is_animated", "is_video")  # the library wants them
USER = ("id", "is_bot", "language_code")
CHAT = ("id", "type")
QUERY = ("id", "chat_instance", "data")
# Without these the library takes a user for none, and a tap for none.
NAMELESS = {"first_name": "-"}
NOWHERE = {"chat_instance": "-"}
NEVER = {"date": 1}


def sanitize(update: dict[str, Any]) -> Received:
    """An update from Telegram as a row of the inbox."""
    content: dict[str, Any] = {"update_id": update["update_id"]}
    message, sender = None, None
    if query := update.get("callback_query"):
        message, sender = query.get("message"), query.get("from")
        content["callback_query"] = {**NOWHERE, **_some(query, QUERY), "from": _user(sender)}
        if message:
            content["callback_query"]["message"] = _place(message)
    elif message := update.get("message"):
        sender = message.get("from")
        content["message"] = _message(message)
    chat = (message or {}).get("chat") or {}
    return Received(
        update["update_id"], chat.get("id"), (sender or {}).get("id"), (message or {}).get("message_id"), content
    )


def _message(message: dict[str, Any]) -> dict[str, Any]:
    message = {**_marked(message), **message}
    kept = {**_some(message, MESSAGE), "chat": _some(message["chat"], CHAT)}
    if any(entity.get("type") in CALLS.values() for entity in message.get("caption_entities", ())):
        kept |= _some(message, CAPTIONS)
    if "photo" in message:
        kept["photo"] = [_some(size, (*FILE, *MEASURES)) for size in message["photo"]]
    kept |= {kind: _some(message[kind], (*FILE, *MEASURES)) for kind in KINDS if kind in message}
    if sender := message.get("from"):
        kept["from"] = _user(sender)
    if replied := message.get("reply_to_message"):
        kept["reply_to_message"] = _place(replied)
        if sender := replied.get("from"):
            kept["reply_to_message"]["from"] = _user(sender)
    return kept


def _marked(message: dict[str, Any]) -> dict[str, Any]:
    """The calls in a text and a caption, for a server that marks none."""
    names = {"text": "entities", "caption": "caption_entities"}
    return {mark: [*_calls(message[name])] for name, mark in names.items() if message.get(name)}


def _calls(text: str) -> Iterator[dict[str, Any]]:
    for found in CALL.finditer(text):
        start, length = (len(part.encode("utf-16-le")) // 2 for part in (text[: found.start()], found[0]))
        yield {"type": CALLS[found[0][0]], "offset": start, "length": length}


def _place(message: dict[str, Any]) -> dict[str, Any]:
    return {**NEVER, **_some(message, ("message_id", "date")), "chat": _some(message["chat"], CHAT)}


def _user(user: dict[str, Any] | None) -> dict[str, Any]:
    return {"is_bot": False, **NAMELESS, **_some(user or {}, USER)}


def _some(value: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value[name] for name in names if name in value}

"""Reduces an update to what an answer needs, before it is stored.

The one rule: a field that is not listed here is not stored. Names of people, chats and files never are. A caption is
stored only if it may call the bot, the text above a button only if it names a query, and a location only in a private
chat. The photo of a message that is replied to is
stored only with such a call, or in a private chat.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from db.telegram.inbox import ReceivedUpdate

KINDS = ("document", "video", "animation", "sticker", "audio", "voice", "video_note")  # kinds of message besides photos
OTHER_KINDS = (
    "location", "venue", "contact", "poll", "dice", "game", "invoice", "story", "paid_media", "checklist",
)  # fmt: skip
CONTENT = {"text", "photo", *KINDS, *OTHER_KINDS}  # a message without any of these is a service message
TEXT_FIELDS = ("text", "entities")
CAPTION_FIELDS = ("caption", "caption_entities")
CALL_ENTITIES = {"@": "mention", "/": "bot_command"}
CALL = re.compile(r"(?:^|(?<=\s))[@/]\w+(?:@\w+)?")
TOPIC_FIELDS = ("message_thread_id", "is_topic_message")
MESSAGE_FIELDS = ("message_id", "date", "media_group_id", *TOPIC_FIELDS, *TEXT_FIELDS)
FILE_FIELDS = ("file_id", "file_unique_id", "file_size")
# The library requires these:
MEDIA_FIELDS = (*FILE_FIELDS, "width", "height", "length", "duration", "type", "is_animated", "is_video")
USER_FIELDS = ("id", "is_bot", "language_code")
CHAT_FIELDS = ("id", "type")
QUERY_BUTTON = re.compile(r"(?:for:\d+:)?query:\d+")  # the text above it names the query
STAND_INS = (777000, 136817688, 1087968824)  # Telegram, Channel_Bot and GroupAnonymousBot
INLINE_FIELDS = ("id", "query", "offset")
LOCATION_FIELDS = ("latitude", "longitude")
KINDS_OF_UPDATE = ("callback_query", "message", "edited_message", "inline_query")
QUERY_FIELDS = ("id", "chat_instance", "data")
# The library also requires these, and their values do not matter:
NO_NAME = {"first_name": "-"}
NO_CHAT_INSTANCE = {"chat_instance": "-"}
NO_DATE = {"date": 1}


def sanitize(update: dict[str, Any]) -> ReceivedUpdate:
    """An update as a row of the inbox: only what an answer needs.

    Nothing remains of service messages, and of edited messages that do not call the bot.
    """
    content: dict[str, Any] = {"update_id": update["update_id"]}
    kind = next((kind for kind in KINDS_OF_UPDATE if update.get(kind)), "")
    received = update.get(kind) or {}
    if kind == "inline_query":
        return _inline_query(update["update_id"], received)
    message = received.get("message") if kind == "callback_query" else received
    sender = received.get("from")
    if kind == "callback_query":
        content[kind] = {**NO_CHAT_INSTANCE, **_pick(received, QUERY_FIELDS), "from": _user(sender)}
        if message:
            content[kind]["message"] = _tapped(message, str(received.get("data")))
    elif received and CONTENT & received.keys():
        kept = _message(received)
        if kind == "message" or (_is_called(kept) and "location" not in kept):  # people on the move
            content[kind] = kept
    message = message or {}
    chat_id = (message.get("chat") or {}).get("id")
    sender_chat = (message.get("sender_chat") or {}) if kind != "callback_query" else {}
    user_id = sender_id((sender or {}).get("id"), sender_chat.get("id"), chat_id)
    numbers = update["update_id"], chat_id, user_id, message.get("message_id")
    return ReceivedUpdate(*numbers, content, migration=_migration(received, chat_id))


def _inline_query(update_id: int, query: dict[str, Any]) -> ReceivedUpdate:
    """What somebody types after the bot's name, in any chat. It counts as one of their private chat."""
    sender = query["from"]
    kept = {**_pick(query, INLINE_FIELDS), "from": _user(sender)}
    return ReceivedUpdate(update_id, sender["id"], sender["id"], None, {"update_id": update_id, "inline_query": kept})


def sender_id(user_id: int | None, sender_chat_id: int | None, chat_id: int | None) -> int | None:
    """Who sent a message or tapped a button; a negative number for somebody who writes as a group or channel.

    For these, Telegram names one user for all such senders in all groups, so nothing may depend on that user.

    Args:
        user_id: the sender according to Telegram.
        sender_chat_id: the group or channel in whose name the message was sent.
        chat_id: the chat of the message.
    """
    if sender_chat_id is not None:
        return sender_chat_id
    return chat_id if user_id in STAND_INS else user_id


def _migration(message: dict[str, Any], chat_id: int | None) -> tuple[int, int] | None:
    """The old and the new number of a group, if the message says that it became a supergroup."""
    if (new := message.get("migrate_to_chat_id")) and chat_id:
        return chat_id, new
    if (old := message.get("migrate_from_chat_id")) and chat_id:
        return old, chat_id
    return None


def _message(message: dict[str, Any]) -> dict[str, Any]:
    message = {**_missing_entities(message), **message}
    kept = {**_pick(message, MESSAGE_FIELDS), "chat": _pick(message["chat"], CHAT_FIELDS), **_media(message)}
    if any(entity.get("type") in CALL_ENTITIES.values() for entity in message.get("caption_entities", ())):
        kept |= _pick(message, CAPTION_FIELDS)
    if "location" in message and message["chat"].get("type") == "private":
        kept["location"] = _pick(message["location"], LOCATION_FIELDS)
    if sender := message.get("from"):
        kept["from"] = _user(sender)
    if sender_chat := message.get("sender_chat"):
        kept["sender_chat"] = _pick(sender_chat, CHAT_FIELDS)
    if replied := _replied(message, with_media=_is_called(kept)):
        kept["reply_to_message"] = replied
    return kept


def _tapped(message: dict[str, Any], data: str) -> dict[str, Any]:
    """The message with a button, and whom it answers."""
    kept = _reference(message)
    if QUERY_BUTTON.fullmatch(data):
        kept |= _pick(message, ("text",))
    if replied := _replied(message, with_media=False):
        kept["reply_to_message"] = replied
    return kept


def _replied(message: dict[str, Any], *, with_media: bool) -> dict[str, Any] | None:
    """The message that is replied to. One of another chat counts as if the reply itself had its photo."""
    if replied := message.get("reply_to_message"):
        kept = _reference(replied)
        if sender := replied.get("from"):
            kept["from"] = _user(sender)
        return {**kept, **_pick(replied, ("media_group_id",)), **_media(replied)} if with_media else kept
    media = _media(message.get("external_reply") or {}) if with_media else {}
    return {**_reference(message), **media} if media else None


def _is_called(kept: dict[str, Any]) -> bool:
    """Whether a message may be for the bot: it is private, or mentions somebody or contains a command."""
    entities = (*kept.get("entities", ()), *kept.get("caption_entities", ()))
    return kept["chat"].get("type") == "private" or any(e.get("type") in CALL_ENTITIES.values() for e in entities)


def _media(message: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {kind: _pick(message[kind], MEDIA_FIELDS) for kind in KINDS if kind in message}
    if "photo" in message:
        kept["photo"] = [_pick(size, MEDIA_FIELDS) for size in message["photo"]]
    return kept


def _missing_entities(message: dict[str, Any]) -> dict[str, Any]:
    """The mentions and commands in a text and a caption, for a server that does not mark them."""
    names = {"text": "entities", "caption": "caption_entities"}
    return {mark: [*_calls(message[name])] for name, mark in names.items() if message.get(name)}


def _calls(text: str) -> Iterator[dict[str, Any]]:
    for match in CALL.finditer(text):
        start, length = (len(part.encode("utf-16-le")) // 2 for part in (text[: match.start()], match[0]))
        yield {"type": CALL_ENTITIES[match[0][0]], "offset": start, "length": length}


def _reference(message: dict[str, Any]) -> dict[str, Any]:
    kept = _pick(message, ("message_id", "date", *TOPIC_FIELDS))
    return {**NO_DATE, **kept, "chat": _pick(message["chat"], CHAT_FIELDS)}


def _user(user: dict[str, Any] | None) -> dict[str, Any]:
    return {"is_bot": False, **NO_NAME, **_pick(user or {}, USER_FIELDS)}


def _pick(fields: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: fields[name] for name in names if name in fields}

"""A chat as Markdown, for the documentation. The same conversation gives the same text: no times, no ids."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.botapi.chat.chats import Chat, Event
from tests.botapi.chat.messages import Json
from tests.botapi.text.utf16 import utf16_index

MARKS = {"bold": "**", "italic": "*", "strikethrough": "~~", "code": "`"}
SPECIAL = re.compile(r"([\\`*_\[\]<>#|])")


def transcript(chat: Chat) -> str:
    """Who said what, in order; buttons as `[ … ]`, edits as the whole new message."""
    return "\n\n".join(line for event in chat.events for line in _event(event)) + "\n"


def _event(event: Event) -> Iterator[str]:
    sender = f"**{event.json['from']['first_name']}**"
    if event.kind == "tap":
        yield f"**{event.who}** taps `[ {event.note} ]`"
    elif event.kind == "answer":
        if event.note:
            yield f"*{event.note}* (shown for a moment)"
    elif event.kind == "reaction":
        yield f"**Landmarks** reacts to {sender}’s message: {event.note}"
    elif event.kind == "delete":
        yield f"*A message of {sender} is deleted.*"
    else:
        yield f"{sender}{_how(event)}:\n{_body(event.json)}"


def _how(event: Event) -> str:
    if event.kind == "edit":
        return " changes the message"
    answered = event.json.get("reply_to_message")
    if answered is None:
        return ""
    what = next((kind for kind in ("photo", "document", "sticker", "video", "voice") if kind in answered), "message")
    return f" (to {answered['from']['first_name']}’s {what})"


def _body(json: Json) -> str:
    words = [line for part in (_media(json), _words(json)) if part for line in part.split("\n")]
    rows = json.get("reply_markup", {}).get("inline_keyboard", [])
    buttons = [" ".join(f"`[ {button['text']} ]`" for button in row) for row in rows]
    paragraphs = ["\\\n> ".join(lines) for lines in (words, buttons) if lines]  # a backslash keeps a line break
    return "> " + "\n>\n> ".join(paragraphs)


def _media(json: Json) -> str:
    if "venue" in json:
        return f"📍 {json['venue']['title']}, {json['venue']['address']} {_place(json['location'])}"
    if "location" in json:
        return f"📍 {_place(json['location'])}"
    if "document" in json:
        return f"📎 {json['document'].get('file_name', 'a file')}"
    names = {"photo": "🖼 a photo", "sticker": "a sticker", "video": "🎞 a video", "voice": "🎤 a voice message"}
    return next((words for kind, words in names.items() if kind in json), "")


def _place(place: Json) -> str:
    return f"({place['latitude']:.4f}, {place['longitude']:.4f})"


def _words(json: Json) -> str:
    """Text or caption with its entities as Markdown."""
    text = str(json.get("text", json.get("caption", "")))
    marks: list[tuple[int, str]] = []
    for entity in json.get("entities") or json.get("caption_entities") or []:
        start, end = utf16_index(text, entity["offset"]), utf16_index(text, entity["offset"] + entity["length"])
        before, after = _mark(entity)
        marks += [(start, before), (end, after)]
    cuts = sorted(marks, key=lambda mark: mark[0])
    parts, at, in_code = [], 0, False
    for position, mark in cuts:
        parts += [text[at:position] if in_code else _escaped(text[at:position]), mark]
        at, in_code = position, in_code != (mark == MARKS["code"])
    return "".join([*parts, _escaped(text[at:])])


def _mark(entity: Json) -> tuple[str, str]:
    if entity["type"] == "text_link":
        return "[", f"]({entity['url']})"
    return (MARKS.get(entity["type"], ""),) * 2


def _escaped(text: str) -> str:
    return SPECIAL.sub(r"\\\1", text)

"""Text and its entities. Offsets and lengths are UTF-16 code units, as in Telegram."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.botapi.http.forms import Parameters
from tests.botapi.methods.errors import bad_request, unparsable
from tests.botapi.text.parse_html import parse_html
from tests.botapi.text.parse_markdown import parse_markdown
from tests.botapi.text.utf16 import utf16_length

Entity = dict[str, Any]

KINDS = frozenset([
    "mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bold", "italic", "underline",
    "strikethrough", "spoiler", "blockquote", "expandable_blockquote", "code", "pre", "text_link", "text_mention",
    "custom_emoji", "date_time",
])  # fmt: skip
FOUND = {  # what Telegram finds by itself in what people write
    "bot_command": re.compile(r"(?<![\w/])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?"),
    "mention": re.compile(r"(?<![\w@])@[A-Za-z0-9_]{3,32}"),
    "url": re.compile(r"https?://\S+"),
    "hashtag": re.compile(r"(?<!\w)#\w+"),
}


@dataclass(frozen=True, slots=True)
class Formatted:
    text: str
    entities: list[Entity] = field(default_factory=list)


def formatted(parameters: Parameters, name: str, entities: str = "entities") -> Formatted:
    """Parse a text's markup and strip it, as Telegram does.

    Raises:
        ApiError: the markup is broken, or an entity is not inside the text.
    """
    text, mode = parameters.text(name), parameters.text("parse_mode").lower()
    if mode == "html":
        return _stripped(*parse_html(text))
    if mode == "markdownv2":
        return _stripped(*parse_markdown(text))
    if mode:
        raise bad_request("unsupported parse_mode")
    given = parameters.json(entities) or []
    _check(given, utf16_length(text))
    return _stripped(text, given)


def found(text: str) -> list[Entity]:
    """The entities that a person's app marks, in order: commands, mentions, links, hashtags."""
    spans = ((kind, match) for kind, pattern in FOUND.items() for match in pattern.finditer(text))
    made = [
        {"type": kind, "offset": utf16_length(text[: match.start()]), "length": utf16_length(match[0])}
        for kind, match in spans
    ]
    return sorted(_outermost(made), key=lambda entity: int(entity["offset"]))


def _outermost(entities: Iterable[Entity]) -> list[Entity]:
    """Without entities inside others: the `@bot` of `/find@bot` is no mention."""
    kept: list[Entity] = []
    for entity in sorted(entities, key=lambda one: -one["length"]):
        if not any(one["offset"] <= entity["offset"] < one["offset"] + one["length"] for one in kept):
            kept.append(entity)
    return kept


def _check(entities: Any, length: int) -> None:
    if not isinstance(entities, list) or not all(isinstance(entity, dict) for entity in entities):
        raise unparsable("expected an Array of MessageEntity")
    for entity in entities:
        if entity.get("type") not in KINDS:
            raise unparsable("unsupported type of the entity specified")
        offset, size = entity.get("offset"), entity.get("length")
        if not isinstance(offset, int) or not isinstance(size, int):
            raise unparsable("offset and length of an entity must be numbers")
        if offset < 0 or size <= 0 or offset + size > length:
            raise bad_request("ENTITY_BOUNDS_INVALID")
        if entity["type"] == "text_link" and not entity.get("url"):
            raise unparsable('Can\'t find field "url"')


def _stripped(text: str, entities: list[Entity]) -> Formatted:
    kept = text.strip()
    before = utf16_length(text[: len(text) - len(text.lstrip())])
    return Formatted(kept, list(_clipped(entities, before, utf16_length(kept))))


def _clipped(entities: list[Entity], before: int, length: int) -> Iterable[Entity]:
    for entity in sorted(entities, key=lambda one: (one["offset"], -one["length"])):
        start = max(entity["offset"] - before, 0)
        end = min(entity["offset"] + entity["length"] - before, length)
        if end > start:
            yield entity | {"offset": start, "length": end - start}

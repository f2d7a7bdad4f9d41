"""Telegram's HTML mode: a few tags, each of them closed; otherwise the whole message is refused.

Source:
    https://core.telegram.org/bots/api#html-style
"""

from __future__ import annotations

import html
import re
from typing import Any

from tests.botapi.methods.errors import unparsable
from tests.botapi.text.utf16 import utf16_length

TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "code": "code", "pre": "pre",
    "blockquote": "blockquote", "tg-spoiler": "spoiler", "span": "spoiler", "a": "text_link",
    "tg-emoji": "custom_emoji",
}  # fmt: skip
TOKEN = re.compile(r"<|&(?:(?:lt|gt|amp|quot)|#\d{1,8}|#x[0-9a-fA-F]{1,8});?")
TAG = re.compile(r"<(/?)([A-Za-z0-9-]*)((?:\"[^\"]*\"|'[^']*'|[^>\"'])*)>")
ATTRIBUTE = re.compile(r"\s*([A-Za-z0-9-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")


def parse_html(text: str) -> tuple[str, list[dict[str, Any]]]:
    """The text without its tags, and its entities.

    Raises:
        ApiError: a tag is unknown, unclosed, or closed in the wrong order.
    """
    return _Html(text).parse()


class _Html:
    def __init__(self, text: str) -> None:
        self.text = text
        self.pieces: list[str] = []
        self.length = 0
        self.open: list[tuple[str, dict[str, Any]]] = []
        self.entities: list[dict[str, Any]] = []

    def parse(self) -> tuple[str, list[dict[str, Any]]]:
        at = 0
        while (token := TOKEN.search(self.text, at)) is not None:
            self._add(self.text[at : token.start()])
            at = token.end()
            if token[0] == "<":
                at = self._tag(token.start())
            else:
                self._add(html.unescape(token[0].removesuffix(";") + ";"))
        self._add(self.text[at:])
        if self.open:
            raise unparsable(f'Can\'t find end tag corresponding to start tag "{self.open[-1][0]}"')
        return "".join(self.pieces), self.entities

    def _add(self, piece: str) -> None:
        self.pieces.append(piece)
        self.length += utf16_length(piece)

    def _tag(self, at: int) -> int:
        tag = TAG.match(self.text, at)
        where = f"at byte offset {len(self.text[:at].encode())}"
        if tag is None:
            raise unparsable(f"Unclosed {'end' if self.text[at + 1 : at + 2] == '/' else 'start'} tag {where}")
        name = tag[2].lower()
        if tag[1]:
            self._end(name, where)
        else:
            self._start(name, tag[3], where)
        return tag.end()

    def _start(self, name: str, rest: str, where: str) -> None:
        if name not in TAGS:
            raise unparsable(f'Unsupported start tag "{name}" {where}')
        given = {match[1].lower(): html.unescape(match[2] or match[3] or match[4] or "") for match in _pairs(rest)}
        entity: dict[str, Any] = {"type": TAGS[name], "offset": self.length}
        if name == "span" and given.get("class") != "tg-spoiler":
            raise unparsable(f'Tag "span" must have class "tg-spoiler" {where}')
        if name == "a":
            entity["url"] = given.get("href", "")
        if name == "tg-emoji":
            entity["custom_emoji_id"] = given.get("emoji-id", "")
        if name == "blockquote" and "expandable" in given:
            entity["type"] = "expandable_blockquote"
        self.open.append((name, entity))

    def _end(self, name: str, where: str) -> None:
        if not self.open:
            raise unparsable(f"Unexpected end tag {where}")
        expected, entity = self.open.pop()
        if name not in ("", expected):
            raise unparsable(f'Unmatched end tag {where}, expected "</{expected}>", found "</{name}>"')
        entity["length"] = self.length - entity["offset"]
        if entity["length"] and entity.get("url") != "":  # a link to nowhere is plain text
            self.entities.append(entity)


def _pairs(rest: str) -> list[re.Match[str]]:
    return list(ATTRIBUTE.finditer(rest))

"""Telegram's MarkdownV2 mode: a reserved character that is no markup must be escaped.

Source:
    https://core.telegram.org/bots/api#markdownv2-style
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.botapi.methods.errors import unparsable
from tests.botapi.text.utf16 import utf16_length

RESERVED = frozenset("_*[]()~`>#+-=|{}.!\n")
MARKS = {  # the longest first: `__` is no italic
    "```": "pre",
    "__": "underline",
    "||": "spoiler",
    "![": "custom_emoji",
    "_": "italic",
    "*": "bold",
    "~": "strikethrough",
    "`": "code",
    "[": "text_link",
}
ENDS = {kind: mark for mark, kind in MARKS.items()} | {"text_link": "]", "custom_emoji": "]"}
NAMES = {"pre": "Pre", "text_link": "TextUrl", "custom_emoji": "CustomEmoji"}


def parse_markdown(text: str) -> tuple[str, list[dict[str, Any]]]:
    """The text without its markup, and its entities.

    Raises:
        ApiError: a reserved character is not escaped, or a mark has no end.
    """
    return _Markdown(text).parse()


@dataclass(frozen=True, slots=True)
class _Open:
    kind: str
    offset: int  # in the text without marks
    at: int  # in the text as given


class _Markdown:
    def __init__(self, text: str) -> None:
        self.text = text
        self.pieces: list[str] = []
        self.length = 0
        self.open: list[_Open] = []
        self.entities: list[dict[str, Any]] = []

    def parse(self) -> tuple[str, list[dict[str, Any]]]:
        at = 0
        while at < len(self.text):
            at = self._step(at)
        if self.open and self.open[-1].kind == "blockquote":
            self._close()
        if self.open:
            raise self._unended()
        return "".join(self.pieces), self.entities

    def _step(self, at: int) -> int:
        char = self.text[at]
        if char == "\\" and "\0" < self.text[at + 1 : at + 2] <= "~":
            return self._add(self.text[at + 1], at + 2)
        inside = self.open[-1].kind if self.open else ""
        if char not in RESERVED or (inside in ("code", "pre") and char != "`"):
            return self._add(char, at + 1)
        if char == "\n":
            return self._newline(at)
        if char == ">" and (at == 0 or self.text[at - 1] == "\n"):
            return self._quote(at)
        if inside in ENDS and self._ends(inside, at):
            return self._end(inside, at + len(ENDS[inside]))
        return self._begin(at)

    def _add(self, piece: str, next_at: int) -> int:
        self.pieces.append(piece)
        self.length += utf16_length(piece)
        return next_at

    def _newline(self, at: int) -> int:
        quoted = any(entity.kind == "blockquote" for entity in self.open)
        if quoted and self.text[at + 1 : at + 2] != ">":
            if self.open[-1].kind != "blockquote":
                raise self._unended()
            self._close()
        return self._add("\n", at + 1)

    def _quote(self, at: int) -> int:
        if not any(entity.kind == "blockquote" for entity in self.open):
            self.open.append(_Open("blockquote", self.length, at))
        return at + 1

    def _ends(self, kind: str, at: int) -> bool:
        if kind == "italic" and self.text.startswith("__", at):
            return False
        return self.text.startswith(ENDS[kind], at)

    def _begin(self, at: int) -> int:
        for mark, kind in MARKS.items():
            if self.text.startswith(mark, at):
                self.open.append(_Open(kind, self.length, at))
                return self._after_language(at + 3) if kind == "pre" else at + len(mark)
        raise unparsable(f"Character '{self.text[at]}' is reserved and must be escaped with the preceding '\\'")

    def _after_language(self, at: int) -> int:
        line, newline, _ = self.text[at:].partition("\n")
        is_language = newline and "`" not in line and " " not in line
        return at + len(line) + 1 if is_language else at

    def _end(self, kind: str, at: int) -> int:
        if kind not in ("text_link", "custom_emoji"):
            self._close()
            return at
        if not self.text.startswith("(", at):
            if kind == "custom_emoji":
                raise unparsable("Custom emoji entity must contain a tg://emoji URL")
            self._close(url="".join(self.pieces)[-(self.length - self.open[-1].offset) :])
            return at
        end = self._url_end(at + 1)
        self._close(url=self.text[at + 1 : end].replace("\\", ""))
        return end + 1

    def _url_end(self, begin: int) -> int:
        at = begin
        while at < len(self.text) and self.text[at] != ")":
            at += 2 if self.text[at] == "\\" else 1
        if at >= len(self.text):
            raise unparsable(f"Can't find end of a URL at byte offset {len(self.text[:begin].encode())}")
        return at

    def _close(self, **more: str) -> None:
        entity = self.open.pop()
        if self.length > entity.offset:
            made = {"type": entity.kind, "offset": entity.offset, "length": self.length - entity.offset}
            self.entities.append(made | (more if entity.kind == "text_link" else {}))

    def _unended(self) -> Exception:
        entity = self.open[-1]
        name = NAMES.get(entity.kind, entity.kind.capitalize())
        return unparsable(f"Can't find end of {name} entity at byte offset {len(self.text[: entity.at].encode())}")

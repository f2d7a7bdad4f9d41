"""Lines for a terminal: cut to its width, with styles and links where it has them."""

from __future__ import annotations

import os
import socket
import unicodedata
from collections.abc import Sequence
from typing import Literal, NamedTuple
from urllib.parse import quote

Style = Literal["plain", "bold", "dim", "reverse"]
CODES: dict[Style, str] = {"plain": "", "bold": "1", "dim": "2", "reverse": "7"}
ELLIPSIS = "…"


class Span(NamedTuple):
    """Some printable text with one style.

    Attributes:
        link: a file's path, which a click opens.
    """

    text: str
    style: Style = "plain"
    link: str | None = None


Line = Sequence[Span]


def columns_of(text: str) -> int:
    """How many columns a terminal needs for a text."""
    return sum(map(_columns, text))


def cut(text: str, columns: int) -> str:
    """A text cut to this many columns, with an ellipsis if something is missing."""
    if columns_of(text) <= columns:
        return text
    kept, left = "", columns - 1
    for letter in text:
        left -= _columns(letter)
        if left < 0:
            break
        kept += letter
    return kept + ELLIPSIS if columns > 0 else ""


def cut_start(text: str, columns: int) -> str:
    """The same, but the end is kept: of a path, the file's name matters most."""
    return cut(text[::-1], columns)[::-1]


def rendered(line: Line, columns: int, *, is_plain: bool) -> str:
    """A line as the terminal wants it.

    Args:
        line: its spans.
        columns: the most.
        is_plain: without styles and links.
    """
    parts, left = [], columns
    for span in line:
        text = cut(span.text, left)
        left -= columns_of(text)
        parts.append(text if is_plain else _linked(_styled(text, span.style), span.link))
    return "".join(parts)


def _styled(text: str, style: Style) -> str:
    return f"\x1b[{CODES[style]}m{text}\x1b[0m" if text and CODES[style] else text


def _linked(text: str, path: str | None) -> str:
    """Source: https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda (OSC 8)."""
    if path is None or not text:
        return text
    address = f"file://{socket.gethostname()}{quote(os.fsencode(path))}"
    return f"\x1b]8;;{address}\x1b\\{text}\x1b]8;;\x1b\\"


def _columns(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1

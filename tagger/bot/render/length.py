"""Keeps a message's HTML within Telegram's limits, which count what is shown and not the tags."""

from __future__ import annotations

import re

MAX_TEXT, MAX_CAPTION = 4096, 1024  # UTF-16 code units, Bot API
_PARTS = re.compile(r"<(?P<end>/?)(?P<tag>\w+)[^>]*>|&#?\w+;|.", re.DOTALL)


def shorten(html: str, limit: int = MAX_TEXT) -> str:
    """HTML of which at most `limit` code units are shown; if it is cut, it ends with "…" and its tags are closed."""
    parts = list(_PARTS.finditer(html)) if len(html) * 2 > limit else []
    if sum(map(_units, parts)) <= limit:
        return html
    kept: list[str] = []
    tags: list[str] = []  # open, innermost last
    left = limit - len("…")
    for part in parts:
        left -= _units(part)
        if left < 0:
            break
        kept.append(part[0])
        if part["tag"] and part["end"]:
            tags.pop()
        elif part["tag"]:
            tags.append(part["tag"])
    return "".join(kept).rstrip() + "…" + "".join(f"</{tag}>" for tag in reversed(tags))


def _units(part: re.Match[str]) -> int:
    """How much a part counts: a tag nothing, an entity like "&lt;" as one."""
    if part["tag"]:
        return 0
    return 1 if len(part[0]) > 1 or part[0] <= "\uffff" else 2

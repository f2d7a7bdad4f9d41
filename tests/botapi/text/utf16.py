"""Lengths as Telegram counts them: an emoji outside the basic plane counts as two."""

from __future__ import annotations


def utf16_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf16_index(text: str, offset: int) -> int:
    """The index in a Python string of a UTF-16 offset."""
    return len(text.encode("utf-16-le", "surrogatepass")[: 2 * offset].decode("utf-16-le", "replace"))

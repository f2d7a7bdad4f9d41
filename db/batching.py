"""Slices of what a statement asks for: SQLite bounds the number of its values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

CHUNK = 500  # values in one IN list


def chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Slices that fit into an IN list."""
    every = list(values)
    for start in range(0, len(every), CHUNK):
        yield every[start : start + CHUNK]

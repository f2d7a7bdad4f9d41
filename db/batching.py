"""Slices of what a statement asks for: SQLite bounds the number of its values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

BATCH_SIZE = 500  # values in one IN list


def in_batches(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Slices that fit into an IN list."""
    every = list(values)
    for start in range(0, len(every), BATCH_SIZE):
        yield every[start : start + BATCH_SIZE]

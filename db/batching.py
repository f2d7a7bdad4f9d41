"""Batches of values for one statement: SQLite bounds their number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

BATCH_SIZE = 500  # values in one IN list


def in_batches(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Batches that fit into an IN list."""
    pending = list(values)
    for start in range(0, len(pending), BATCH_SIZE):
        yield pending[start : start + BATCH_SIZE]

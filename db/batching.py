"""Give a statement many values: in batches that fit into its IN list, or all as one parameter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

BATCH_SIZE = 500  # values in an IN list, whose length SQLite limits


def in_batches(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Split values into batches that fit into an IN list."""
    pending = list(values)
    for start in range(0, len(pending), BATCH_SIZE):
        yield pending[start : start + BATCH_SIZE]


def as_list(values: Iterable[str | int]) -> str:
    """The parameter of `db.dialect.is_listed` and `is_numbered`."""
    return json.dumps(list(values))

"""A CSV with a header."""

from __future__ import annotations

import csv
import json
from codecs import getwriter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, BinaryIO

from tagger.core.text import printable
from tagger.export.rows import COLUMNS, ExportRow
from tagger.export.text import as_cell

Convert = Callable[[Any], Any]


def write(rows: Iterable[ExportRow], file: BinaryIO, *, keep_formulas: bool = False) -> None:
    """Write rows in UTF-8.

    Args:
        rows: any number; one is in memory at a time.
        file: is written from where it is.
        keep_formulas: leave texts as they are that a spreadsheet would take for formulas. Numbers are numbers anyway.
    """
    writer = csv.writer(getwriter("utf-8")(file), lineterminator="\n")
    writer.writerow(COLUMNS)
    converters = [(COLUMNS.index(name), convert) for name, convert in _converters(keep_formulas=keep_formulas).items()]
    writer.writerows(_cells(row, converters) for row in rows)


def _cells(row: ExportRow, converters: Sequence[tuple[int, Convert]]) -> list[Any]:
    cells = list(row)
    for column, convert in converters:
        if cells[column] is not None:
            cells[column] = convert(cells[column])
    return cells


def _converters(*, keep_formulas: bool) -> dict[str, Convert]:
    """What makes a cell of a value, by column. The others have numbers, and words of ours."""
    as_text: Convert = printable if keep_formulas else as_cell
    repeated = lru_cache(as_text)  # a library has few landmarks and models
    return {
        "path": as_text,
        "message": as_text,
        **dict.fromkeys(("landmark", "name", "country", "city", "model_name", "model_version"), repeated),
        "taken_at": datetime.isoformat,
        "tagged_at": datetime.isoformat,
        "reason": json.dumps,
    }

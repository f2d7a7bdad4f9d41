"""A CSV with a header."""

from __future__ import annotations

import csv
import json
from codecs import getwriter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, BinaryIO

from tagger.core.text import printable
from tagger.export.rows import COLUMNS, ExportRow
from tagger.export.text import without_formula


def write(rows: Iterable[ExportRow], file: BinaryIO, *, keep_formulas: bool = False) -> None:
    """Write rows in UTF-8.

    Args:
        rows: any number; one is in memory at a time.
        file: is written from where it is.
        keep_formulas: leave texts as they are that a spreadsheet would take for formulas. Numbers are numbers anyway.
    """
    writer = csv.writer(getwriter("utf-8")(file), lineterminator="\n")
    writer.writerow(COLUMNS)
    clean: Callable[[str], str] = printable if keep_formulas else lambda value: without_formula(printable(value))
    writer.writerows([_cell(value, clean) for value in row] for row in rows)


def _cell(value: Any, clean: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return json.dumps(value) if isinstance(value, dict) else value

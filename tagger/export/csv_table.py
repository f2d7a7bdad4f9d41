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
from tagger.export.text import as_cell


def write(rows: Iterable[ExportRow], file: BinaryIO, *, keep_formulas: bool = False) -> None:
    """Write rows in UTF-8.

    Args:
        rows: any number; one is in memory at a time.
        file: is written from where it is.
        keep_formulas: leave texts as they are that a spreadsheet would take for formulas. Numbers are numbers anyway.
    """
    writer = csv.writer(getwriter("utf-8")(file), lineterminator="\n")
    writer.writerow(COLUMNS)
    convert = CONVERT | ({str: printable} if keep_formulas else {})
    writer.writerows(
        [convert[type(value)](value) if type(value) in convert else value for value in row] for row in rows
    )


CONVERT: dict[type[Any], Callable[[Any], Any]] = {
    str: as_cell,
    datetime: datetime.isoformat,
    dict: json.dumps,
}

"""The formats of an export, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from typing import BinaryIO

from tagger.core.errors import require_extra
from tagger.export.rows import ExportRow

Write = Callable[[Iterable[ExportRow], BinaryIO], None]

WRITERS = {  # a module of this package, and its function; only the module of the chosen format is imported
    "csv": ("csv_table", "write"),
    "json": ("json_rows", "write_array"),
    "ndjson": ("json_rows", "write_lines"),
    "parquet": ("parquet", "write"),
    "geojson": ("geojson", "write"),
    "kml": ("kml", "write"),
    "gpx": ("gpx", "write"),
    "html": ("html_page", "write"),
}
FORMATS = tuple(WRITERS)
OF_PLACES = ("geojson", "kml", "gpx")  # whose rows need a position


def writer(name: str, *, keep_formulas: bool = False) -> Write:
    """The function that writes a format.

    Args:
        name: one of `FORMATS`.
        keep_formulas: see `tagger.export.csv_table`; for other formats it means nothing.

    Raises:
        MissingExtra: its package is not installed.
        ValueError: there is no such format.
    """
    if name not in WRITERS:
        raise ValueError(f"There is no format {name!r}. The formats are: {', '.join(FORMATS)}.")
    if name == "parquet":
        require_extra("Parquet", "parquet", "pyarrow")
    module, function = WRITERS[name]
    write: Callable[..., None] = getattr(import_module(f"tagger.export.{module}"), function)
    return partial(write, keep_formulas=keep_formulas) if name == "csv" else write

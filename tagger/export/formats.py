"""The formats of an export, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import BinaryIO

from tagger.export.rows import ExportRow

Write = Callable[[Iterable[ExportRow], BinaryIO], None]

FORMATS = ("csv", "json", "ndjson", "geojson", "kml", "gpx")
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
    from tagger.export import csv_table, geojson, gpx, json_rows, kml

    writers: dict[str, Write] = {
        "csv": partial(csv_table.write, keep_formulas=keep_formulas),
        "json": json_rows.write_array,
        "ndjson": json_rows.write_lines,
        "geojson": geojson.write,
        "kml": kml.write,
        "gpx": gpx.write,
    }
    if name not in writers:
        raise ValueError(f"There is no format {name!r}. The formats are: {', '.join(FORMATS)}.")
    return writers[name]

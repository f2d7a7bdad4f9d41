"""GeoJSON: a point for each row, with the row's values as properties.

Source:
    RFC 7946: UTF-8, WGS 84, longitude before latitude.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import BinaryIO

from tagger.core.text import printable
from tagger.export.rows import ExportRow
from tagger.export.text import file_uri


def write(rows: Iterable[ExportRow], file: BinaryIO) -> None:
    """Write a feature per line.

    Args:
        rows: with positions.
        file: is written from where it is.
    """
    file.write(b'{"type": "FeatureCollection", "features": [')
    separator = "\n"
    for row in rows:
        file.write((separator + _feature(row)).encode())
        separator = ",\n"
    file.write(b"\n]}\n")


def _feature(row: ExportRow) -> str:
    geometry = {"type": "Point", "coordinates": [row.position_lon, row.position_lat]}
    properties = {"uri": file_uri(row.path), **row._asdict(), "path": printable(row.path)}
    return _encode({"type": "Feature", "geometry": geometry, "properties": properties})


def _json_value(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()


_encode = json.JSONEncoder(default=_json_value, ensure_ascii=False, allow_nan=False).encode

"""JSON: an array, or an object per line.

The one rule: the output is ASCII, so that undecodable file names survive as ``\\udcXX``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import BinaryIO

from tagger.export.rows import ExportRow


def write_lines(rows: Iterable[ExportRow], file: BinaryIO) -> None:
    """Write one object per line."""
    for row in rows:
        file.write(_encode(row._asdict()).encode("ascii") + b"\n")


def write_array(rows: Iterable[ExportRow], file: BinaryIO) -> None:
    """Write one array, with one object per line."""
    before = b"[\n"
    for row in rows:
        file.write(before + _encode(row._asdict()).encode("ascii"))
        before = b",\n"
    file.write(b"[]\n" if before == b"[\n" else b"\n]\n")


def _json_value(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()


_encode = json.JSONEncoder(default=_json_value, allow_nan=False).encode

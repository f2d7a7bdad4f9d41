"""Rows to export, also with hostile names, and what a format makes of them."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tagger.export.formats import writer
from tagger.export.rows import ExportRow

ROW = ExportRow(
    "/p/a.jpg",
    "a" * 64,
    "tagged",
    "unreviewed",
    datetime(2024, 5, 1, 12, 30),
    "exif",
    "eiffel_tower",
    "Eiffel Tower",
    "France",
    "Paris",
    48.858,
    2.294,
    "machine",
    1,
    0.9,
    0.5,
    {"kind": "near", "km": 0.25},
    "lite",
    "1",
    7,
    datetime(2024, 6, 1, 10, 0, 0, 5, tzinfo=UTC),
    0,
    48.86,
    2.29,
    "photo",
)
HOSTILE_NAMES = [
    "latin \xe9".encode("latin-1"),  # not UTF-8
    b"line\nbreak\rreturn\ttab",
    b"escape\x1b]0;title\x07 bell \x01\x0b\x7f",
    "\ufffe\uffff\u202e\u2028\x85\x9f".encode(),
    b"</name>]]><script>alert(1)</script>&amp;\"'",
    b"=cmd|' /C calc'!A0",
    "🗼 \N{GREEK SMALL LETTER ALPHA}".encode(),
    b'comma, and; "quotes" and 100%',
]
HOSTILE = [ROW._replace(path=f"/p/{os.fsdecode(name)}") for name in HOSTILE_NAMES] + [
    ROW._replace(name=name, city=name, country=name, message=name)
    for name in ("=1+1", "\x00\x0c\ufffe", "<b>&bold;</b>", "]]>", "@SUM(A1)", " \t-2")
]
FAR = [
    ROW._replace(position_lat=lat, position_lon=lon)
    for lat, lon in [(90.0, 180.0), (-90.0, -180.0), (1e-7, -1e-9), (-13.163, 179.99999999)]
]


def written(format: str, rows: Sequence[ExportRow], **options: Any) -> bytes:
    file = io.BytesIO()
    writer(format, **options)(iter(rows), file)
    return file.getvalue()

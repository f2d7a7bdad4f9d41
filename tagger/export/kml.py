"""KML: a placemark for each row, for Google Earth and similar programs.

Source:
    OGC KML 2.2 (07-147r2): WGS 84, longitude before latitude.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import BinaryIO

from tagger.export.rows import ExportRow
from tagger.export.text import decimal, facts, summary, title, xml_text

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2">
<Document><name>Photos of landmarks</name>
"""


def write(rows: Iterable[ExportRow], file: BinaryIO) -> None:
    """Write a placemark per line.

    Args:
        rows: with positions.
        file: is written from where it is.
    """
    file.write(HEAD.encode())
    for row in rows:
        file.write(_placemark(row).encode())
    file.write(b"</Document>\n</kml>\n")


def _placemark(row: ExportRow) -> str:
    description = escape(summary(row))  # programs show it as HTML
    when = f"<TimeStamp><when>{row.taken_at.isoformat()}</when></TimeStamp>" if row.taken_at else ""
    data = "".join(f'<Data name="{name}"><value>{xml_text(text)}</value></Data>' for name, text in facts(row))
    point = f"{decimal(row.position_lon or 0)},{decimal(row.position_lat or 0)}"
    return (
        f"<Placemark><name>{xml_text(title(row))}</name><description>{xml_text(description)}</description>{when}"
        f"<ExtendedData>{data}</ExtendedData><Point><coordinates>{point}</coordinates></Point></Placemark>\n"
    )

"""GPX: a waypoint for each row, for navigation programs and devices.

A waypoint has no time: GPX wants UTC, and of a photo only the camera's local time is known. It is in the description.

Source:
    The schema http://www.topografix.com/GPX/1/1/gpx.xsd.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from tagger.export.rows import ExportRow
from tagger.export.text import decimal, facts, file_name, file_uri, summary, title, xml_text
from tagger.image.metadata.xmp import OWN

HEAD = f"""<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="landmark tagger" xmlns="http://www.topografix.com/GPX/1/1" xmlns:landmark="{OWN}">
<metadata><name>Photos of landmarks</name></metadata>
"""


def write(rows: Iterable[ExportRow], file: BinaryIO) -> None:
    """Write a waypoint per line.

    Args:
        rows: with positions.
        file: is written from where it is.
    """
    file.write(HEAD.encode())
    for row in rows:
        file.write(_waypoint(row).encode())
    file.write(b"</gpx>\n")


def _waypoint(row: ExportRow) -> str:
    lat, lon = decimal(row.position_lat or 0), decimal(row.position_lon or 0)
    lon = "-180.0000000" if lon == "180.0000000" else lon  # the schema ends before 180
    values = "".join(f"<landmark:{name}>{xml_text(text)}</landmark:{name}>" for name, text in facts(row))
    link = f'<link href="{file_uri(row.path)}"><text>{xml_text(file_name(row.path))}</text></link>'
    return (
        f'<wpt lat="{lat}" lon="{lon}"><name>{xml_text(title(row))}</name><desc>{xml_text(summary(row))}</desc>'
        f"{link}<type>landmark</type><extensions>{values}</extensions></wpt>\n"
    )

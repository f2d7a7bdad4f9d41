"""Read the dates in a photo's IPTC."""

from __future__ import annotations

from PIL import Image, IptcImagePlugin

from tagger.core.types import TakenDate
from tagger.image.metadata.dates import best_date, dated, parse_date

DATES = (((2, 55), (2, 60)), ((2, 62), (2, 63)))  # datasets for day and time: created, digitized; IIM 4.2, section 6


def iptc_date(image: Image.Image) -> TakenDate | None:
    """When the photo was taken, else digitized. JPEG and TIFF hold IPTC."""
    try:
        found = IptcImagePlugin.getiptcinfo(image) or {}  # type: ignore[arg-type]  # any image is allowed
    except Exception:  # broken IPTC does not make a photo fail
        return None
    if not found:
        return None
    dates = []
    for day, time in DATES:
        date, clock = (_first(found.get(dataset)) for dataset in (day, time))
        dates.append(dated(parse_date(f"{date} {clock}") or parse_date(date), "iptc"))
    return best_date(dates)


def _first(value: bytes | list[bytes] | None) -> str:
    """The first of a dataset's values, as text."""
    value = value[0] if isinstance(value, list) and value else value
    return value.decode("latin-1") if isinstance(value, bytes) else ""

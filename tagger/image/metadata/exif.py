"""Read a photo's EXIF; what is missing, broken or impossible is None."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from PIL import ExifTags, Image

from tagger.core.types import Position, TakenDate
from tagger.image.metadata.dates import best_date, dated, local_moment, parse_date, time_of_day
from tagger.image.metadata.positions import LATITUDE, LONGITUDE, coordinate, position
from tagger.image.orientation import TURNS

XMP_KEYS = ("xmp", "XML:com.adobe.xmp")  # in Pillow's `info`
ORIENTATION = ExifTags.Base.Orientation
EXPOSURE = (ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTimeDigitized)


def read_exif(image: Image.Image) -> Image.Exif:
    """The EXIF of an image; empty if it is broken."""
    try:
        return image.getexif()
    except Exception:  # Pillow parses lazily and raises all kinds of errors
        return Image.Exif()


def orientation(image: Image.Image) -> object:
    """EXIF's orientation of a loaded image; any object if the file's value is nonsense.

    Pillow falls back on XMP's orientation, which viewers ignore.
    """
    exif = read_exif(image)
    if ORIENTATION in exif and any(key in image.info for key in XMP_KEYS):
        exif = parsed_exif(image.info.get("exif") or b"")
    return _orientation(exif)


def stored_orientation(exif: bytes) -> int:
    """What EXIF's bytes say about the orientation, as `orientation` reads them: 1 to 8."""
    value = _orientation(parsed_exif(exif)) if exif else 1
    return value if isinstance(value, int) and value in TURNS else 1


def parsed_exif(data: bytes) -> Image.Exif:
    """EXIF from its bytes, without what XMP says; empty if it is broken."""
    exif = Image.Exif()
    with suppress(Exception):  # invalid EXIF does not make a photo fail
        exif.load(data)
    return exif


def _orientation(exif: Image.Exif) -> object:
    value = exif.get(ORIENTATION, 1)
    if isinstance(value, bytes):  # of a wrong type, as some programs write it
        return value[0] if value else 1
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def exif_date(exif: Image.Exif) -> TakenDate | None:
    """When the photo was exposed, else digitized, else the satellites' time, else when it was edited."""
    details = _ifd(exif, ExifTags.IFD.Exif)
    return best_date(_dates(exif, details, _ifd(exif, ExifTags.IFD.GPSInfo)))


def exif_position(exif: Image.Exif) -> Position | None:
    """Where the camera was.

    Source:
        EXIF 2.32, section 4.6.6.
    """
    gps = _ifd(exif, ExifTags.IFD.GPSInfo)
    try:
        lat = coordinate(_numbers(gps[ExifTags.GPS.GPSLatitude]), gps.get(ExifTags.GPS.GPSLatitudeRef), LATITUDE)
        lon = coordinate(_numbers(gps[ExifTags.GPS.GPSLongitude]), gps.get(ExifTags.GPS.GPSLongitudeRef), LONGITUDE)
    except (KeyError, ValueError, TypeError, OverflowError, ZeroDivisionError):
        return None
    return position(lat, lon)


def is_without_fix(exif: Image.Exif) -> bool:
    """Whether the receiver had no fix, so that no position in the photo is the camera's."""
    return is_void(_ifd(exif, ExifTags.IFD.GPSInfo).get(ExifTags.GPS.GPSStatus))


def is_void(status: object) -> bool:
    """Whether a GPSStatus says that the receiver had no fix."""
    text = status.decode("latin-1") if isinstance(status, bytes) else str(status or "")
    return text.strip(" \0").upper().startswith("V")


def _dates(exif: Mapping[int, Any], details: Mapping[int, Any], gps: Mapping[int, Any]) -> Iterator[TakenDate | None]:
    for tag in EXPOSURE:
        yield dated(parse_date(details.get(tag)) or parse_date(exif.get(tag)), "exif")
    yield dated(_gps_time(gps), "gps")
    yield dated(parse_date(exif.get(ExifTags.Base.DateTime)), "edit")


def _gps_time(gps: Mapping[int, Any]) -> datetime | None:
    """The satellites' time, which is UTC, on this machine's clock; a date alone stays as it is."""
    day = parse_date(gps.get(ExifTags.GPS.GPSDateStamp))
    if day is None or is_void(gps.get(ExifTags.GPS.GPSStatus)):
        return None
    try:
        hour, minute, second = map(int, _numbers(gps[ExifTags.GPS.GPSTimeStamp]))
        return local_moment(day + time_of_day(hour, minute, second))
    except (KeyError, ValueError, TypeError, OverflowError, ZeroDivisionError):
        return day


def _numbers(value: Any) -> list[float]:
    return [float(part) for part in (value if isinstance(value, tuple | list) else (value,))]


def _ifd(exif: Image.Exif, tag: int) -> Mapping[int, Any]:
    """A part of the EXIF; empty if it is broken."""
    try:
        return exif.get_ifd(tag)
    except Exception:  # as in `read_exif`
        return {}

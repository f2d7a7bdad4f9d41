"""Read a photo's EXIF; what is missing, broken or impossible is None."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from PIL import ExifTags, Image

XMP_KEYS = ("xmp", "XML:com.adobe.xmp")  # in Pillow's `info`
DATE_FORMAT = "%Y:%m:%d %H:%M:%S"  # EXIF 2.32, section 4.6.5


def read_exif(image: Image.Image) -> Image.Exif:
    """The EXIF of an image; empty if it is broken."""
    try:
        return image.getexif()
    except Exception:  # Pillow parses lazily and raises all kinds of errors
        return Image.Exif()


def orientation(image: Image.Image) -> object:
    """EXIF's orientation of a loaded image; any object if the file contains nonsense.

    Pillow falls back on XMP's orientation, by which viewers do not turn.
    """
    value = read_exif(image).get(ExifTags.Base.Orientation, 1)
    if value == 1 or not any(key in image.info for key in XMP_KEYS):
        return value
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif") or b"")
    except Exception:
        return 1
    return exif.get(ExifTags.Base.Orientation, 1)


def exif_position(exif: Image.Exif) -> tuple[float, float] | tuple[None, None]:
    """Latitude and longitude of the camera."""
    try:
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        lat = _degrees(gps[ExifTags.GPS.GPSLatitude], gps.get(ExifTags.GPS.GPSLatitudeRef) == "S")
        lon = _degrees(gps[ExifTags.GPS.GPSLongitude], gps.get(ExifTags.GPS.GPSLongitudeRef) == "W")
    except Exception:  # invalid coordinates do not make a photo fail
        return None, None
    is_nowhere = (lat, lon) == (0, 0) or not (abs(lat) <= 90 and abs(lon) <= 180)  # 0, 0: a GPS receiver without a fix
    return (None, None) if is_nowhere else (lat, lon)


def _degrees(parts: Sequence[Any], is_negative: bool) -> float:
    """Convert EXIF's degrees, minutes and seconds.

    Source:
        EXIF 2.32, section 4.6.6.
    """
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    return -value if is_negative else value


def exif_date(exif: Image.Exif) -> datetime | None:
    """The time of exposure by the camera's clock."""
    try:
        details = exif.get_ifd(ExifTags.IFD.Exif)
        text = details.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime)
        return datetime.strptime(str(text).strip("\0 "), DATE_FORMAT)
    except Exception:  # an invalid date does not make a photo fail
        return None

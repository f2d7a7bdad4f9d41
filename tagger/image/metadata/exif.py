"""Read a photo's EXIF; what is missing, broken or impossible is None."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from PIL import ExifTags, Image

DATE_FORMAT = "%Y:%m:%d %H:%M:%S"  # EXIF 2.32, section 4.6.5


def read_exif(image: Image.Image) -> Image.Exif:
    """The EXIF of an image; empty if it is broken."""
    try:
        return image.getexif()
    except Exception:  # Pillow parses lazily and raises all kinds of errors
        return Image.Exif()


def orientation(exif: Image.Exif) -> object:
    """EXIF's orientation; any object if the file contains nonsense."""
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

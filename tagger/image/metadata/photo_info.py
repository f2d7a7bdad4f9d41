"""A photo's metadata as one value, from all places where it may be.

The one rule: metadata never makes a photo fail. What is missing, broken or impossible is None.
"""

from __future__ import annotations

from dataclasses import replace

from PIL import Image

from tagger.core.types import CAMERA_SOURCES, PhotoInfo, TakenDate
from tagger.image.metadata.dates import best_date
from tagger.image.metadata.exif import exif_date, exif_position, is_without_fix, orientation, read_exif
from tagger.image.metadata.file_name import name_date
from tagger.image.metadata.iptc import iptc_date
from tagger.image.metadata.takeout import Takeout, read_takeout
from tagger.image.metadata.xmp import read_xmp, xmp_date, xmp_position
from tagger.image.orientation import TURNED


def photo_info(image: Image.Image, size: tuple[int, int]) -> PhotoInfo:
    """The metadata in a loaded photo (some formats store EXIF after the pixels).

    Args:
        image: loaded, perhaps at a fraction of its size.
        size: width and height as stored in the file, before rotation.
    """
    exif, xmp = read_exif(image), read_xmp(image)
    width, height = size[::-1] if orientation(image) in TURNED else size
    info = PhotoInfo(width, height, str(image.format), None)
    info = _with_date(info, best_date([exif_date(exif), xmp_date(xmp), iptc_date(image)]))
    place = None if is_without_fix(exif) else exif_position(exif) or xmp_position(xmp)
    return replace(info, lat=place.lat, lon=place.lon) if place else info


def with_file(info: PhotoInfo, path: str) -> PhotoInfo:
    """Complete a photo's metadata by its file's name and by the .json of Google Takeout beside it."""
    is_complete = info.lat is not None and info.taken_at is not None and info.taken_from in CAMERA_SOURCES
    takeout = Takeout() if is_complete else read_takeout(path)
    own = TakenDate(info.taken_at, info.taken_from) if info.taken_at else None
    info = _with_date(info, best_date([own, takeout.date, name_date(path)]))
    if info.lat is None and takeout.position:
        info = replace(info, lat=takeout.position.lat, lon=takeout.position.lon)
    return info


def file_date(path: str) -> TakenDate | None:
    """The date by the .json of Google Takeout beside a file, else by its name."""
    return best_date([read_takeout(path).date, name_date(path)])


def _with_date(info: PhotoInfo, date: TakenDate | None) -> PhotoInfo:
    return replace(info, taken_at=date.taken_at, taken_from=date.taken_from) if date else info

"""A photo's metadata as one value.

The one rule: metadata never makes a photo fail. What is missing, broken or impossible is None.
"""

from __future__ import annotations

from PIL import Image

from tagger.core.types import PhotoInfo
from tagger.image.metadata.exif import exif_date, exif_position, orientation, read_exif
from tagger.image.orientation import TURNED


def photo_info(image: Image.Image, size: tuple[int, int]) -> PhotoInfo:
    """The metadata of a loaded photo (some formats store EXIF after the pixels).

    Args:
        image: loaded, perhaps at a fraction of its size.
        size: width and height as stored in the file, before rotation.
    """
    exif = read_exif(image)
    width, height = size[::-1] if orientation(image) in TURNED else size
    return PhotoInfo(width, height, str(image.format), exif_date(exif), *exif_position(exif))

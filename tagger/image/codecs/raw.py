"""RAW photos, through the preview that the camera embedded as a JPEG: the extra `raw` (LibRaw).

The one rule: what Pillow takes for the picture of a RAW file is only its thumbnail, and is never used for an answer.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any

import numpy as np
from PIL import ExifTags, Image

from tagger.core.errors import PhotoError
from tagger.core.extras import install_command

MAGIC = (  # offset and magic bytes
    (0, b"FUJIFILMCCD-RAW"), (0, b"IIRO"), (0, b"IIRS"), (0, b"MMOR"), (0, b"IIU\0"), (0, b"FOVb"), (0, b"\0MRM"),
    (4, b"ftypcrx "), (6, b"HEAPCCDR"), (8, b"CR\2\0"), (8, b"IIII"),
)  # fmt: skip
TIFF = (b"II*\0", b"MM\0*")
SUBFILE_TYPE, COMPRESSION, PHOTOMETRIC, SUB_FILES, DNG_VERSION = 254, 259, 262, 330, 50706
HEADER_BYTES = 8  # of a TIFF
TAIL_BYTES = 256  # of a preview, whose beginning LibRaw may change
UNCOMPRESSED = 1
REDUCED = 1  # a kind of subfile: smaller than the picture
ORIENTATIONS = {3: 3, 5: 8, 6: 6}  # EXIF's by LibRaw's
SENSOR = (32803, 34892)  # photometric interpretations: a colour filter array, linear sensor values


def is_raw(data: bytes) -> bool:
    """Whether a file is a RAW photo: by its first bytes or, as many are TIFFs, by its first tags."""
    if any(data.startswith(magic, at) for at, magic in MAGIC):
        return True
    return data.startswith(TIFF) and _is_raw(_tags(data[:HEADER_BYTES], io.BytesIO(data)))


def is_uncompressed_tiff(file: IO[bytes]) -> bool:
    """Whether an open file is a TIFF without compression and not a RAW photo; leaves the file at its start."""
    header = file.read(HEADER_BYTES)
    tags = _tags(header, file) if header.startswith(TIFF) else {}
    file.seek(0)
    return tags.get(COMPRESSION) == UNCOMPRESSED and not _is_raw(tags)


def _tags(header: bytes, file: IO[bytes]) -> Mapping[int, Any]:
    """A TIFF's first tags; those before a damaged one."""
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    tags = ImageFileDirectory_v2(header.ljust(HEADER_BYTES, b"\0"))
    with suppress(Exception):  # the TIFF reader will say what is wrong
        file.seek(tags.next)
        tags.load(file)
    return tags


def _is_raw(tags: Mapping[int, Any]) -> bool:
    with suppress(Exception):  # values are parsed here
        is_thumbnail = SUB_FILES in tags and tags.get(SUBFILE_TYPE, 0) & REDUCED
        return DNG_VERSION in tags or tags.get(PHOTOMETRIC) in SENSOR or bool(is_thumbnail)
    return False


def preview(data: bytes) -> bytes:
    """The largest preview in a RAW photo, as a JPEG with its orientation in EXIF.

    Raises:
        PhotoError: kinds unsupported, truncated.
    """
    try:
        import rawpy
    except ImportError as error:
        raise PhotoError("unsupported", f"RAW photos need the extra 'raw': {install_command('raw')}") from error
    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            thumbnail, flip = raw.extract_thumb(), raw.sizes.flip
    except rawpy.LibRawNoThumbnailError as error:
        raise PhotoError("unsupported", "the RAW photo has no preview") from error
    except rawpy.LibRawError as error:
        kind = "unsupported" if isinstance(error, rawpy.LibRawFileUnsupportedError) else "truncated"
        reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else error
        raise PhotoError(kind, f"the RAW photo cannot be read ({reason})") from error
    if thumbnail.format == rawpy.ThumbFormat.JPEG:
        found = bytes(thumbnail.data)
        if found[-TAIL_BYTES:] not in data:  # LibRaw leaves what is missing as it found the memory
            raise PhotoError("truncated", "the RAW photo ends before its preview does")
        return found
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = ORIENTATIONS.get(flip, 1)
    jpeg = io.BytesIO()
    Image.fromarray(np.asarray(thumbnail.data)).save(jpeg, "JPEG", quality=95, exif=exif)
    return jpeg.getvalue()


def add_exif(image: Image.Image, data: bytes) -> None:
    """Give a preview the EXIF of its RAW photo, if that is a TIFF: it says more than the preview's own."""
    if data.startswith(TIFF):
        image.info["exif"] = data
        with suppress(Exception):  # metadata never makes a photo fail
            image.getexif().load(data)

"""JPEG XL through the extra `jxl`. Its plugin decodes as soon as it opens a file, so the size is read here first.

Source:
    ISO/IEC 18181-1: D.2 the size; 18181-2: 9 the boxes.
"""

from __future__ import annotations

import io
import math

from PIL import ExifTags, Image

from tagger.core.errors import PhotoError
from tagger.core.extras import install_command
from tagger.image.limits import check_bytes

MAX_PIXEL_BYTES = 12  # that decoding takes: 7 of a colour photo, 12 with alpha
CODESTREAM, CONTAINER = b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"
PARTS = {b"jxlc": 8, b"jxlp": 12}  # boxes with the codestream, and the bytes before it
SIDE_BITS = (9, 13, 18, 30)
RATIOS = ((1, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))  # width by height; the first is unused


def is_jxl(data: bytes) -> bool:
    """Whether a file begins like a JPEG XL."""
    return data.startswith((CODESTREAM, CONTAINER))


def open_jxl(data: bytes, max_pixels: int) -> Image.Image:
    """Open and decode a JPEG XL.

    Raises:
        PhotoError: kinds unsupported, too_large, corrupt.
    """
    size = _size(data)
    check_bytes(size, len(data) + MAX_PIXEL_BYTES * math.prod(size), max_pixels)
    try:
        from pillow_jxl.JpegXLImagePlugin import JXLImageFile
    except ImportError as error:
        raise PhotoError("unsupported", f"JPEG XL needs the extra 'jxl': {install_command('jxl')}") from error
    try:
        image = JXLImageFile(io.BytesIO(data))
    except RuntimeError as error:
        raise PhotoError("corrupt", "the image data is damaged, or ends early") from error
    if not image.jpeg:  # unless it is a repacked JPEG, the codec has rotated it
        image.getexif()[ExifTags.Base.Orientation] = 1
    return image


def _size(data: bytes) -> tuple[int, int]:
    """Width and height before a rotation."""
    starts = [data.find(kind) + skipped - 4 for kind, skipped in PARTS.items() if kind in data[:4096]]
    start = min(starts, default=0) if data.startswith(CONTAINER) else 0
    bits = int.from_bytes(data[start + len(CODESTREAM) : start + len(CODESTREAM) + 12], "little")

    def read(count: int) -> int:
        nonlocal bits
        value, bits = bits & (1 << count) - 1, bits >> count
        return value

    is_small = read(1)

    def side() -> int:
        return (read(5) + 1) * 8 if is_small else read(SIDE_BITS[read(2)]) + 1

    height = side()
    ratio = read(3)
    numerator, denominator = RATIOS[ratio]
    return (height * numerator // denominator if ratio else side()), height

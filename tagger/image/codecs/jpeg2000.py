"""Decode a JPEG 2000 at a fraction of its size: it contains itself at half the size, several times over.

Source:
    ISO/IEC 15444-1, A.4.2 (start of codestream) and A.6.1 (COD).
"""

from __future__ import annotations

from typing import Any

from PIL import Image

START, COD = b"\xff\x4f\xff\x51", b"\xff\x52"
LEVELS_AT = 9  # bytes from the marker to the number of halvings


def draft(image: Image.Image, data: bytes, min_side_px: int) -> None:
    """Let an opened image be decoded smaller, its short side with at least twice this many pixels.

    Args:
        data: the whole file.
    """
    start = data.find(COD, data.find(START))
    levels = int.from_bytes(data[start + LEVELS_AT : start + LEVELS_AT + 1], "big")
    most = max(0, (min(image.size) // (2 * min_side_px)).bit_length() - 1)
    codec: Any = image
    codec.reduce = min(levels, most)


def halvings(image: Image.Image) -> int:
    """How many times an opened image will be halved."""
    reduce: Any = image.reduce  # Pillow's method of this name, unless `draft` set a number above 0
    return reduce if isinstance(reduce, int) else 0

"""The memory that decoding a photo may take.

The one rule: a photo is refused by its header if it has more pixels than `max_pixels`, or if decoding it would take
more than `memory_limit`. A decoder process also has a hard limit, in case an estimate is too low.
"""

from __future__ import annotations

import math

from tagger.core.errors import PhotoError
from tagger.image.codec_memory import OpenedPhoto, decoding_bytes, image_bytes, webp_bytes, webp_size
from tagger.image.orientation import SCALED_AS_A_WHOLE, reduction

BYTES_OF_MAX_PIXEL = 3.4  # with the default of max_pixels a decoder process stays below 400 MB
LEAST_BYTES = 64_000_000  # so that a small max_pixels refuses by pixels only
STRANGERS_MAX_PIXELS = 75_000_000  # for photos from the internet; the largest that phones make as HEIC are allowed
FIXED_BYTES = 12_000_000  # for bands, and for libraries that are loaded on demand
SCALED_BYTES = 16  # a pixel of the copies that scaling makes of 32-bit grey


FRESH_PROCESS = "fresh_process"  # the kind of error of a photo that needs a new decoder process; nobody else sees it

_room_bytes = math.inf


def limit_process(room_bytes: float) -> None:
    """In a decoder process: refuse a photo that needs more memory, with the kind FRESH_PROCESS.

    Libraries and fragments of earlier photos take memory that a photo near the limit needs.

    Args:
        room_bytes: what this process may still take, set before the photo is read.
    """
    global _room_bytes
    _room_bytes = room_bytes


def memory_limit(max_pixels: int) -> int:
    """The bytes that decoding one photo may take, besides what its process uses anyway."""
    return max(LEAST_BYTES, int(max_pixels * BYTES_OF_MAX_PIXEL))


def check_webp(data: bytes, max_pixels: int) -> None:
    """Refuse a WebP by its header, since Pillow allocates its memory when it opens it.

    Raises:
        PhotoError: kind too_large.
    """
    if size := webp_size(data):
        check_bytes(size, webp_bytes(size, data), max_pixels)


def check_memory(photo: OpenedPhoto, *, max_pixels: int, min_side_px: int) -> None:
    """Refuse a photo with too many pixels, or whose decoding takes too much memory.

    Raises:
        PhotoError: kind too_large.
    """
    check_bytes(photo.size, needed_bytes(photo, min_side_px), max_pixels, decoded=photo.image.size)


def needed_bytes(photo: OpenedPhoto, min_side_px: int) -> int:
    """Estimate the peak memory of decoding a photo and converting it, see `tagger.image.orientation.upright`."""
    factor = reduction(photo.image.size, min_side_px)
    width, height = (-(-side // factor) for side in photo.image.size)
    copies = image_bytes((width, height), "RGB") + image_bytes((height, width), "RGB")  # converted and rotated
    if photo.image.mode in SCALED_AS_A_WHOLE:
        copies += SCALED_BYTES * width * height
    decoded = image_bytes(photo.image.size, photo.image.mode)
    return FIXED_BYTES + photo.file_bytes + max(decoding_bytes(photo), decoded + copies)


def check_bytes(size: tuple[int, int], needed: int, max_pixels: int, *, decoded: tuple[int, int] | None = None) -> None:
    """Refuse a photo with too many pixels, or that needs too many bytes of memory.

    Args:
        decoded: the size at which it will be decoded, if it differs.

    Raises:
        PhotoError: kind too_large.
    """
    if math.prod(decoded or size) > max_pixels:
        raise PhotoError("too_large", f"it has {size[0]}×{size[1]} pixels; the limit max_pixels is {max_pixels:,}")
    if needed > (limit := memory_limit(max_pixels)):
        raise PhotoError(
            "too_large",
            f"decoding its {size[0]}×{size[1]} pixels would take {needed / 1e6:,.0f} MB; "
            f"{limit / 1e6:,.0f} MB are allowed (max_pixels is {max_pixels:,})",
        )
    if needed > _room_bytes:
        raise PhotoError(FRESH_PROCESS, f"decoding it takes {needed / 1e6:,.0f} MB")

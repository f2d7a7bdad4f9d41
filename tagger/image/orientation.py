"""Convert a decoded photo to upright 8-bit RGB on white. A large one is reduced on the way, band by band."""

from __future__ import annotations

import numpy as np
from PIL import Image

from tagger.image.depth import eight_bits
from tagger.image.rows import Rows

REDUCIBLE = ("L", "LA", "RGB", "RGBX", "RGBA", "CMYK", "YCbCr", "F", "I")
SCALED_AS_A_WHOLE = ("F",)  # by its range
LARGE_PIXELS = 4 << 20
TURNS = {  # by EXIF's orientation, EXIF 2.32, tag 274
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
TURNED = (5, 6, 7, 8)  # orientations that swap width and height


def reduction(size: tuple[int, int], min_side_px: int) -> int:
    """The whole factor by which `upright` reduces an image; 1 leaves it as it is."""
    return max(1, min(size) // (2 * min_side_px))


def upright(rows: Rows, orientation: object, min_side_px: int) -> Image.Image:
    """Rotate and convert an image, and reduce it if it is much larger than needed.

    Args:
        orientation: EXIF's; anything but a number from 1 to 8 counts as 1.
        min_side_px: the result's short side is at least twice this if the image's is.
    """
    image = _reduced_rgb(rows, reduction(rows.size, min_side_px))
    turn = TURNS.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


def _reduced_rgb(rows: Rows, factor: int) -> Image.Image:
    """Reduce and convert an image, band by band if it is large."""
    width, height = rows.size
    if rows.mode in SCALED_AS_A_WHOLE or width * height <= LARGE_PIXELS:
        return _reduced_band(rows.whole(), factor)
    image = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    for top, band in rows.bands(factor):
        image.paste(_reduced_band(band, factor), (0, top // factor))
    return image


def _reduced_band(band: Image.Image, factor: int) -> Image.Image:
    if factor == 1:
        return _rgb(band)
    return _rgb(band.reduce(factor)) if band.mode in REDUCIBLE else _rgb(band).reduce(factor)


def _rgb(image: Image.Image) -> Image.Image:
    """Convert any of Pillow's modes to 8-bit RGB, transparency on white."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        levels = np.asarray(image)
        if image.mode == "I":  # 16 bits in 32, as Pillow opens some formats
            levels = levels.clip(0, 65535).astype(np.uint16)
        return Image.fromarray(eight_bits(levels)).convert("RGB")
    if image.mode == "La":
        image = image.convert("LA")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")

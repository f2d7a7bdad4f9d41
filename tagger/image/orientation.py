"""Convert any Pillow image to upright 8-bit RGB on white; huge ones are reduced first, since conversions copy."""

from __future__ import annotations

import numpy as np
from PIL import Image

from tagger.image.depth import eight_bits

REDUCIBLE = ("L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "F", "I")
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


def upright(image: Image.Image, orientation: object, min_side_px: int) -> Image.Image:
    """Rotate and convert an image, and reduce it if it is much larger than needed.

    Args:
        orientation: EXIF's; anything but a number from 1 to 8 counts as 1.
        min_side_px: the result's short side is at least twice this if the image's is.
    """
    if image.format in ("BMP", "DIB") and image.mode == "RGBA" and image.getchannel("A").getbbox() is None:
        image = image.convert("RGB")  # programs that know no transparency leave its bytes zero
    factor = min(image.size) // (2 * min_side_px)
    if factor > 1 and image.mode in REDUCIBLE:
        image = image.reduce(factor)
    converted = _rgb(image)
    turn = TURNS.get(orientation) if isinstance(orientation, int) else None
    return converted if turn is None else converted.transpose(turn)


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

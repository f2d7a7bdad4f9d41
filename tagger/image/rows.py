"""Decoded pixels as rows, so that a large photo is converted band by band and never copied whole.

Some codecs hand over bytes, of which Pillow would make an image with four bytes a pixel. `decode_rows` keeps the bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

BAND_PIXELS = 1 << 18


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a decoded photo.

    Args:
        mode: Pillow's.
        crop: makes an image of the rows from the first one to before the second one.
    """

    size: tuple[int, int]
    mode: str
    crop: Callable[[int, int], Image.Image]

    def whole(self) -> Image.Image:
        return self.crop(0, self.size[1])

    def bands(self, multiple: int) -> Iterator[tuple[int, Image.Image]]:
        """The rows from top to bottom, each band with the number of its first row.

        Args:
            multiple: of which the number of a band's rows is one, except for the last band.
        """
        width, height = self.size
        step = max(1, BAND_PIXELS // (width * multiple)) * multiple
        for top in range(0, height, step):
            yield top, self.crop(top, min(top + step, height))


def of_image(image: Image.Image) -> Rows:
    """The rows of an image, which is loaded if necessary."""
    image.load()
    is_opaque = image.format in ("BMP", "DIB") and image.mode == "RGBA" and image.getchannel("A").getbbox() is None

    def crop(first: int, last: int) -> Image.Image:
        band = image if (first, last) == (0, image.height) else image.crop((0, first, image.width, last))
        return band.convert("RGB") if is_opaque else band  # programs without transparency leave its bytes zero

    return Rows(image.size, image.mode, crop)


def decode_rows(image: Image.Image) -> Rows:
    """Decode an opened image. Afterwards it still has its metadata, but no pixels."""
    codec: Any = image
    match image.format:
        case "WEBP":
            data, *_ = codec._get_next()
            codec._decoder = None  # it holds two more copies
            return _of_bytes(image.size, codec.rawmode, data)
        case "AVIF":
            data, *_ = codec._decoder.get_frame(0)
            codec._decoder = None
            return _of_bytes(image.size, image.mode, data)
        case "HEIF":
            frame = codec._heif_file[image.tell()]
            data, stride = frame.data, frame.stride
            return _of_bytes(frame.size, frame.mode, data, stride)  # decoding may have changed the size
        case "JPEG2000":
            image.load()
            codec.reduce = 0  # it was the fraction; from here on it is Pillow's method again
    return of_image(image)


def _of_bytes(size: tuple[int, int], mode: str, data: bytes | memoryview, stride: int | None = None) -> Rows:
    width, height = size
    row_bytes = width * len(Image.getmodebandnames(mode))
    table = np.frombuffer(data, np.uint8).reshape(height, stride or row_bytes)[:, :row_bytes]  # (H, bytes of a row)

    def crop(first: int, last: int) -> Image.Image:
        return Image.frombytes(mode, (width, last - first), np.ascontiguousarray(table[first:last]).data)

    return Rows(size, mode, crop)

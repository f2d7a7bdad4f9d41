"""Estimates of the memory that each codec needs, besides the file itself.

The bytes a pixel were measured with Pillow 13 and pillow-heif 1.8, and `python -m benchmarks bombs` checks the outcome.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PIL import Image, TiffImagePlugin

from tagger.image.codecs.jpeg2000 import halvings

MODE_BYTES = {"1": 1, "L": 1, "P": 1}  # Pillow's bytes a pixel; 2 in its modes I;16, 4 in all others
AVIF_BYTES, HEIF_BYTES = 10_000_000, 35_000_000  # of the libraries themselves
TIFF_ORIENTATION = 274
MOST_COEFFICIENTS = 4  # a pixel
SMALL_PIXELS = 2_000_000  # a JPEG with fewer is not worth the time to find out how it is coded
JPEG_TABLES = frozenset((0xC4, 0xC8, 0xCC))  # markers in the range of frames that begin none
JPEG_ONE_PASS = frozenset((0xC0, 0xC1, 0xC9))  # frames that libjpeg decodes line by line if they have one scan


@dataclass(frozen=True, slots=True)
class OpenedPhoto:
    """A photo whose header was read.

    Args:
        image: its size is that at which it will be decoded.
        size: the width and height in the file.
        data: the file as its codec gets it.
        file_bytes: of all copies of the file.
    """

    image: Image.Image
    size: tuple[int, int]
    data: bytes
    file_bytes: int

    @property
    def pixels(self) -> int:
        return math.prod(self.size)

    @property
    def channels(self) -> int:
        return len(self.image.getbands())

    @property
    def has_alpha(self) -> bool:
        return self.image.mode in ("LA", "RGBA")


def image_bytes(size: tuple[int, int], mode: str) -> int:
    """The bytes of an image of Pillow's: its rows, aligned to 4 bytes, and a pointer to each."""
    width, height = size
    pixel_bytes = 2 if mode.startswith("I;16") else MODE_BYTES.get(mode, 4)
    return height * (-(-width * pixel_bytes // 4) * 4 + 8)


def decoding_bytes(photo: OpenedPhoto) -> int:
    """The peak of the memory that a codec and Pillow take to decode a photo."""
    codec = CODECS.get(str(photo.image.format), _decoded)
    return math.ceil(codec(photo))


def webp_bytes(size: tuple[int, int], data: bytes) -> int:
    """libwebp keeps two frames of 4 bytes a pixel and returns a third; Pillow copies the file."""
    return len(data) + 12 * math.prod(size)


def webp_size(data: bytes) -> tuple[int, int] | None:
    """The width and height of a WebP's canvas; None for another file.

    Source:
        RFC 9649, sections 2.5 to 2.7; RFC 6386, section 9.1.
    """
    match data[8:16]:
        case b"WEBPVP8X":
            return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
        case b"WEBPVP8L":
            bits = int.from_bytes(data[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"WEBPVP8 ":
            return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF
    return None


def _decoded(photo: OpenedPhoto) -> float:
    """PNG and GIF take no more than their pixels."""
    return image_bytes(photo.image.size, photo.image.mode)


def _jpeg(photo: OpenedPhoto) -> float:
    """A JPEG that ends early is decoded once more, to see whether all its rows are there."""
    kept = MOST_COEFFICIENTS if photo.pixels <= SMALL_PIXELS else kept_coefficients(photo.data)
    return 2 * _decoded(photo) + 2 * photo.pixels * kept


def kept_coefficients(data: bytes) -> float:
    """The coefficients a pixel, of 2 bytes each, that libjpeg keeps of a JPEG with several scans; else 0.

    Source:
        ITU-T T.81, B.2.2 and B.2.3.
    """
    position, kept, components, is_one_pass = 2, 0.0, 0, True
    while (position := data.find(b"\xff", position)) >= 0 and position + 4 <= len(data):
        marker = data[position + 1]
        if marker in (0x00, 0xFF):  # stuffing or a fill byte
            position += 1
            continue
        segment = data[position + 4 : position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")]
        if 0xC0 <= marker <= 0xCF and marker not in JPEG_TABLES:
            across, down = [byte >> 4 for byte in segment[7::3]], [byte & 15 for byte in segment[7::3]]
            kept = sum(map(operator.mul, across, down)) / (max([1, *across]) * max([1, *down]))
            components, is_one_pass = len(across), marker in JPEG_ONE_PASS
        elif marker == 0xDA:
            return 0.0 if is_one_pass and segment[:1] == bytes((components,)) else kept
        position += 4 + len(segment)
    return kept


def _tiff(photo: OpenedPhoto) -> float:
    """libtiff decodes a strip or a tile at once, and Pillow copies an image to rotate it."""
    tags: Any = getattr(photo.image, "tag_v2", {})
    pixels = _decoded(photo) * (1 if tags.get(TIFF_ORIENTATION, 1) == 1 else 2)
    if not _is_decoded_by(photo.image, "libtiff"):
        return pixels
    depths = tags.get(TiffImagePlugin.BITSPERSAMPLE, (1,))
    bits: int = sum(depths) if len(depths) > 1 else depths[0] * tags.get(TiffImagePlugin.SAMPLESPERPIXEL, 1)
    width, height = photo.size
    rows = min(height, tags.get(TiffImagePlugin.ROWSPERSTRIP, height))
    strip: int = tags.get(TiffImagePlugin.TILEWIDTH, width) * tags.get(TiffImagePlugin.TILELENGTH, rows)
    return pixels + strip * bits / 8


def _bmp(photo: OpenedPhoto) -> float:
    """Pillow expands run lengths in Python."""
    return _decoded(photo) + 2 * photo.pixels * _is_decoded_by(photo.image, "bmp_rle")


def _is_decoded_by(image: Image.Image, codec: str) -> bool:
    return any(tile[0] == codec for tile in getattr(image, "tile", ()))


def _webp(photo: OpenedPhoto) -> float:
    return webp_bytes(photo.size, photo.data)


def _avif(photo: OpenedPhoto) -> float:
    """The codec's planes, libavif's pixels, and the bytes that Pillow gets.

    Source:
        AV1 Codec ISO Media File Format Binding 1.2, section 2.3 (av1C).
    """
    flags = photo.data[(start := photo.data.find(b"av1C") + 6) : start + 1] or b"\x40"
    planes = 1.0 if flags[0] & 0x10 else {0x0C: 1.5, 0x08: 2.0}.get(flags[0] & 0x0C, 3.0)  # grey, 4:2:0, 4:2:2, 4:4:4
    planes = (planes + photo.has_alpha) * (2 if flags[0] & 0x40 else 1)  # more than 8 bits
    return AVIF_BYTES + photo.pixels * (2 * photo.channels + 1.2 * planes)


def _heif(photo: OpenedPhoto) -> float:
    """libheif's planes, and the bytes that pillow-heif gets."""
    planes = (1.5 if photo.image.info.get("chroma") == 420 else 3) + photo.has_alpha
    return HEIF_BYTES + photo.pixels * (photo.channels + planes)


def _jpeg2000(photo: OpenedPhoto) -> float:
    """OpenJPEG's samples take 4 bytes, and a little more."""
    fraction = 0.25 ** halvings(photo.image)
    return fraction * (_decoded(photo) + 5 * photo.pixels * photo.channels)


CODECS: dict[str, Callable[[OpenedPhoto], float]] = {
    "JPEG": _jpeg,
    "MPO": _jpeg,
    "TIFF": _tiff,
    "BMP": _bmp,
    "DIB": _bmp,
    "WEBP": _webp,
    "AVIF": _avif,
    "HEIF": _heif,
    "JPEG2000": _jpeg2000,
}

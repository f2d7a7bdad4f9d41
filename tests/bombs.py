"""Bombs: small files whose pixels take much memory, drawn without ever holding those pixels."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator

from PIL import Image

from tests.drawn import encoded

COLOUR_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by a PNG's colour type
ROWS_AT_ONCE = 1 << 20  # bytes of a flat image


def png(width: int, height: int, *, colour_type: int = 2, bits: int = 8, interlaced: bool = False) -> bytes:
    """A whole PNG of zeros: about a thousandth of its pixels' bytes."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, interlaced)
    palette = [(b"PLTE", bytes(768))] if colour_type == 3 else []
    sides = _passes(width, height) if interlaced else [(width, height)]
    size = sum(rows * (1 + -(-columns * bits * COLOUR_CHANNELS[colour_type] // 8)) for columns, rows in sides)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in [(b"IHDR", header), *palette, (b"IDAT", zeros(size)), (b"IEND", b"")]
    )


def zeros(size: int) -> bytes:
    """So many zeros, compressed."""
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(min(ROWS_AT_ONCE, size - start))) for start in range(0, size, ROWS_AT_ONCE)]
    return b"".join([*parts, packer.flush()])


def _passes(width: int, height: int) -> Iterator[tuple[int, int]]:
    """The sizes of an interlaced PNG's seven images."""
    for left, top, right, down in (
        (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)
    ):  # fmt: skip
        columns, rows = -(-(width - left) // right), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            yield columns, rows


def tiff(width: int, height: int, *, strip_rows: int, samples: int = 3, tile_px: int = 0, bits: int = 8) -> bytes:
    """A deflated TIFF of zeros in strips of so many rows, or in tiles of this side."""
    if tile_px:
        count, block = -(-width // tile_px) * -(-height // tile_px), zeros(tile_px * tile_px * samples * bits // 8)
        layout = [(322, [tile_px]), (323, [tile_px]), (324, [8] * count), (325, [len(block)] * count)]
    else:
        count, block = -(-height // strip_rows), zeros(width * strip_rows * samples * bits // 8)
        layout = [(273, [8] * count), (278, [strip_rows]), (279, [len(block)] * count)]
    photometric = 2 if samples >= 3 else 1
    alpha = [(338, [2])] if samples == 4 else []
    tags = [
        (256, [width]),
        (257, [height]),
        (258, [bits] * samples),
        (259, [8]),
        (262, [photometric]),
        (277, [samples]),
    ]
    return struct.pack("<2sHI", b"II", 42, 8 + len(block)) + block + directory([*tags, *layout, *alpha], 8 + len(block))


def directory(tags: Iterable[tuple[int, list[int]]], start: int) -> bytes:
    """A TIFF's directory of 32-bit numbers, at a position in its file."""
    entries, values = [], b""
    ordered = sorted(tags)
    behind = start + 2 + 12 * len(ordered) + 4
    for tag, numbers in ordered:
        packed = struct.pack(f"<{len(numbers)}I", *numbers)
        if len(numbers) > 1:
            values, packed = values + packed, struct.pack("<I", behind + len(values))
        entries.append(struct.pack("<HHI", tag, 4, len(numbers)) + packed)
    return struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4) + values


def jpeg(width: int, height: int, *, frame: int = 0xC2, components_a_scan: int = 1) -> bytes:
    """A JPEG's headers with 4:4:4 sampling, a scan of these components, and nothing in it."""
    components = b"".join(bytes((number, 0x11, 0)) for number in (1, 2, 3))
    scan = b"".join(bytes((number, 0)) for number in range(1, components_a_scan + 1))
    segments = [
        (0xDB, bytes((0, *[1] * 64))),
        (frame, struct.pack(">BHHB", 8, height, width, 3) + components),
        (0xC4, bytes((0x00, 1, *bytes(15), 0))),
        (0xC4, bytes((0x10, 1, *bytes(15), 0))),
        (0xDA, bytes((components_a_scan,)) + scan + bytes((0, 0 if frame == 0xC2 else 63, 0))),
    ]
    body = b"".join(b"\xff" + bytes((marker,)) + struct.pack(">H", 2 + len(part)) + part for marker, part in segments)
    return b"\xff\xd8" + body + bytes(1000) + b"\xff\xd9"


def bmp(width: int, height: int, *, bits: int = 24, compression: int = 0) -> bytes:
    """A BMP's header with hardly a pixel behind it."""
    palette = bytes(4 << bits) if bits <= 8 else b""
    start = 54 + len(palette)
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, 0, 0, 0, 0, 0)
    return struct.pack("<2sIHHI", b"BM", start + 4, 0, 0, start) + header + palette + bytes((0, 1, 0, 1))


def gif(side_px: int) -> bytes:
    """A GIF with a tiny frame on a large screen."""
    small = encoded(Image.new("P", (1, 1)), "GIF")
    return small[:6] + struct.pack("<HH", side_px, side_px) + small[10:]


def webp(width: int, height: int) -> bytes:
    """A WebP whose header claims a large canvas."""
    small = encoded(Image.new("RGBA", (1, 1)), "WEBP", lossless=True)
    claimed = struct.pack("<I", (width - 1) | (height - 1) << 14 | 1 << 28)
    return small[:21] + claimed + small[25:]


def exif_bomb(entries: int = 4000, repeated_bytes: int = 1_000_000) -> bytes:
    """A small PNG whose EXIF has many entries that all name the same bytes."""
    start = 8 + 2 + 12 * entries + 4
    rows = b"".join(struct.pack("<HHII", 1 + tag, 7, repeated_bytes, start) for tag in range(entries))
    exif = struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", entries) + rows + bytes(4) + bytes(repeated_bytes)
    return encoded(Image.new("RGB", (400, 300), "red"), "PNG", exif=exif)

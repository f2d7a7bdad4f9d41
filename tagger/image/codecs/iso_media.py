"""Whether a file of ISO boxes (HEIC, AVIF, JPEG 2000, JPEG XL) is whole: decoders fill missing tiles with a colour.

Source:
    ISO/IEC 14496-12: 4.2 boxes, 8.11.3 `iloc`, 8.11.6 `iinf`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import NamedTuple

from tagger.core.errors import PhotoError
from tagger.image.codecs.holes import refuse_hole

TOP_LEVEL = (  # what follows the last of these may be a camera's own trailer
    b"ftyp", b"meta", b"mdat", b"moov", b"idat", b"free", b"skip", b"wide", b"uuid", b"jP  ", b"jp2h", b"jp2c", b"jxlc",
)  # fmt: skip
IN_FILE, IN_IDAT = 0, 1  # how an extent counts its bytes
CODED_IMAGES = (b"hvc1", b"hev1", b"av01", b"avc1", b"jpeg", b"grid")


class Box(NamedTuple):
    """A box's kind, and where its content lies."""

    kind: bytes
    start: int
    end: int


class Extent(NamedTuple):
    """A piece of an item's data, and where it begins and ends: in the file, in the box `idat`, or in another item."""

    item: int
    method: int
    start: int
    end: int


def is_iso(data: bytes) -> bool:
    """Whether a file begins like one of boxes."""
    return data[4:8] in (b"ftyp", b"jP  ", b"JXL ")


def check(data: bytes) -> None:
    """Check that the boxes and the image data they refer to end inside the file, and have no hole.

    Raises:
        PhotoError: kind truncated or corrupt.
    """
    for box in boxes(data, 0, len(data)):
        if box.kind in TOP_LEVEL and box.end > len(data):
            raise PhotoError("truncated", "the file ends before the image does")
        if box.kind == b"meta":
            _check_items(data, box)


def _check_items(data: bytes, meta: Box) -> None:
    children = {box.kind: box for box in boxes(data, meta.start + 4, meta.end)}
    if b"iloc" not in children or b"iinf" not in children:
        return
    kinds = dict(item_kinds(data, children[b"iinf"]))
    for extent in extents(data, children[b"iloc"]):
        if extent.method != IN_FILE or kinds.get(extent.item) not in CODED_IMAGES:
            continue
        if extent.end > len(data):
            raise PhotoError("truncated", "the file ends before the image does")
        refuse_hole(data, extent.start, extent.end)


def boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """The boxes in a part of a file; the last one may reach beyond it."""
    while start + 8 <= end:
        size, kind, header = int.from_bytes(data[start : start + 4], "big"), data[start + 4 : start + 8], 8
        if size == 1:
            size, header = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        elif size == 0:
            size = end - start
        if size < header:
            return
        yield Box(kind, start + header, start + size)
        start += size


def item_kinds(data: bytes, iinf: Box) -> Iterator[tuple[int, bytes]]:
    """The kind of each item by its id; none of the oldest version of `infe`, which has no kinds."""
    for box in boxes(data, iinf.start + (6 if data[iinf.start] == 0 else 8), iinf.end):
        id_bytes = {2: 2, 3: 4}.get(data[box.start])
        if box.kind == b"infe" and id_bytes:
            at = box.start + 4 + id_bytes  # behind the id; two bytes of protection follow
            yield int.from_bytes(data[at - id_bytes : at], "big"), data[at + 2 : at + 6]


def extents(data: bytes, iloc: Box) -> Iterator[Extent]:
    """The extents of all items, in the order of the file."""
    reader = io.BytesIO(data[iloc.start : iloc.end])

    def integer(size: int) -> int:
        return int.from_bytes(reader.read(size), "big")

    version = integer(1)
    reader.seek(4)
    sizes = integer(2)
    offset_bytes, length_bytes, base_bytes = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_bytes = sizes & 15 if version else 0
    id_bytes = 4 if version == 2 else 2
    for _ in range(integer(id_bytes)):
        item = integer(id_bytes)
        method = integer(2) & 15 if version else 0
        reader.read(2)  # of another file
        base = integer(base_bytes)
        for _ in range(integer(2)):
            reader.read(index_bytes)
            start = base + integer(offset_bytes)
            length = integer(length_bytes) or len(data) - start
            yield Extent(item, method, start, start + length)
        if reader.tell() == iloc.end - iloc.start:
            return

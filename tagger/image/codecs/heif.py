"""Which bytes of a HEIC or AVIF make its picture.

The primary item refers to others: a grid to its tiles, a transparency to its picture. Items move within a file when its
metadata change, so only their contents count, not where they lie.

Source:
    ISO/IEC 23008-12 (HEIF), and ISO/IEC 14496-12: 8.11.4 `pitm`, 8.11.12 `iref`, 8.11.14 `iprp`.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator

from tagger.image.codecs.iso_media import IN_FILE, IN_IDAT, Box, Extent, boxes, extents, item_kinds
from tagger.image.codecs.parts import PictureParts

DESCRIPTIVE = (b"udes", b"crtt", b"mdft", b"altt")  # properties without any effect on the pixels
PROFILES = (b"prof", b"rICC")  # ICC: no colours are converted, see `tagger.image.picture_hash`
MADE_OF = (b"dimg", b"base", b"prem")  # references from an item to those that it is made of
AUXILIARY = b"auxl"  # a reference from a transparency to its picture


def picture_parts(data: bytes) -> PictureParts:
    """What decides the pixels: the primary item and all that it is made of, each with its properties.

    Raises:
        ValueError: it is a film, or made of items that are elsewhere.
        KeyError: a box is missing.
    """
    top = {box.kind: box for box in boxes(data, 0, len(data))}
    if b"moov" in top:
        raise ValueError("a film")
    return PictureParts(b"HEIF", list(_Items(data, top[b"meta"]).picture()))


class _Items:
    """The items of a file."""

    def __init__(self, data: bytes, meta: Box) -> None:
        self._data, self._view = data, memoryview(data)
        self._children = {box.kind: box for box in boxes(data, meta.start + 4, meta.end)}
        self._kinds = dict(item_kinds(data, self._children[b"iinf"]))
        self._properties = self._all_properties()
        self._extents: dict[int, list[Extent]] = defaultdict(list)
        for extent in extents(data, self._children[b"iloc"]):
            self._extents[extent.item].append(extent)
        self._made_of: dict[int, list[tuple[bytes, int]]] = defaultdict(list)
        for kind, source, target in self._references():
            if kind in MADE_OF:
                self._made_of[source].append((kind, target))
            elif kind == AUXILIARY:
                self._made_of[target].append((kind, source))

    def picture(self) -> Iterator[bytes | memoryview]:
        """The parts of the primary item, and of those that it is made of, each once."""
        pitm = self._children[b"pitm"]
        id_bytes = 4 if self._data[pitm.start] else 2
        numbers = {_integer(self._data, pitm.start + 4, id_bytes): 0}  # of the items, in the order of their parts
        waiting = deque(numbers)
        while waiting:
            item = waiting.popleft()
            yield self._kinds[item]
            yield from self._properties.get(item, ())
            yield from map(self._content, self._extents[item])
            for kind, other in self._made_of[item]:
                if other not in numbers:
                    numbers[other] = len(numbers)
                    waiting.append(other)
                yield kind
                yield b"%d" % numbers[other]

    def _content(self, extent: Extent) -> memoryview:
        base = self._children[b"idat"].start if extent.method == IN_IDAT else 0
        if extent.method not in (IN_FILE, IN_IDAT) or base + extent.end > len(self._data):
            raise ValueError("data elsewhere")
        return self._view[base + extent.start : base + extent.end]

    def _references(self) -> Iterator[tuple[bytes, int, int]]:
        """Each reference's kind, and the items from and to which it leads."""
        iref = self._children.get(b"iref")
        if iref is None:
            return
        id_bytes = 4 if self._data[iref.start] else 2
        for box in boxes(self._data, iref.start + 4, iref.end):
            content = self._data[box.start : box.end]
            source, count = _integer(content, 0, id_bytes), _integer(content, id_bytes, 2)
            for number in range(count):
                yield box.kind, source, _integer(content, id_bytes + 2 + number * id_bytes, id_bytes)

    def _all_properties(self) -> dict[int, list[bytes | memoryview]]:
        """The properties of each item that have an effect on its pixels, in their order."""
        iprp = self._children[b"iprp"]
        found: dict[int, list[bytes | memoryview]] = {}
        inner = list(boxes(self._data, iprp.start, iprp.end))
        ipco = next(box for box in inner if box.kind == b"ipco")
        properties = list(boxes(self._data, ipco.start, ipco.end))
        for ipma in (box for box in inner if box.kind == b"ipma"):
            for item, number in _associations(self._data[ipma.start : ipma.end]):
                box = properties[number - 1]
                is_profile = box.kind == b"colr" and self._data[box.start : box.start + 4] in PROFILES
                if box.kind not in DESCRIPTIVE and not is_profile:
                    found.setdefault(item, []).extend((box.kind, self._view[box.start : box.end]))
        return found


def _associations(ipma: bytes) -> Iterator[tuple[int, int]]:
    """Each item with the number of one of its properties, from 1."""
    id_bytes, index_bytes = 4 if ipma[0] else 2, 2 if ipma[3] & 1 else 1
    position = 8
    for _ in range(_integer(ipma, 4, 4)):
        item, count = _integer(ipma, position, id_bytes), ipma[position + id_bytes]
        position += id_bytes + 1
        for _ in range(count):
            if number := _integer(ipma, position, index_bytes) & (0x7FFF if index_bytes == 2 else 0x7F):
                yield item, number
            position += index_bytes


def _integer(data: bytes, start: int, size: int) -> int:
    if start + size > len(data):
        raise ValueError("cut off")
    return int.from_bytes(data[start : start + size], "big")

"""Whether a JPEG is whole, and which of its bytes make its picture.

libjpeg fills what is missing with grey, decodes zeros to noise, and only warns.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from itertools import takewhile
from typing import NamedTuple

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from tagger.image.codecs.holes import HOLES, refuse_hole
from tagger.image.codecs.parts import PictureParts
from tagger.image.rows import of_image

ZEROS = HOLES[0]
ZERO_RUNS = re.compile(rb"\0{%d,}" % len(ZEROS))
START = b"\xff\xd8\xff"
END = b"\xff\xd9"
SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # neither an escaped 0xFF, a restart marker nor a fill byte
DHT, SOS, EOI, APP0, APP1, APP2, APP14, APP15, COM = 0xC4, 0xDA, 0xD9, 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
WITHOUT_LENGTH = (0x01, *range(0xD0, 0xD9))
FRAMES, ARITHMETIC_FRAMES = (0xC0, 0xC1, 0xC2, 0xC9, 0xCA), (0xC9, 0xCA)
MOST_FLAT_BITS = 6  # for a block like the one before, where the code of that is all zeros
ZERO_RUN_LENGTH = 0xF0  # the symbol of 16 zero coefficients
LAST = 8  # bytes of a scan
NOISES = (bytes(range(1, 255)) * 4, bytes(range(254, 0, -1)) * 4)
MISSING = {127, 128}  # the grey of blocks without data, in ink and in light


class Segment(NamedTuple):
    """A marker, and where its parameters begin and end."""

    marker: int
    start: int
    end: int


class Scan(NamedTuple):
    """A scan of the first picture."""

    start: int  # of its entropy-coded data
    most_zeros: int  # that may be an area of one colour in it
    is_arithmetic: bool  # its coder leaves out zeros at the end, so what follows them changes pixels
    is_first_of_dc: bool  # its last bytes change pixels at any scale


def completed(jpeg: bytes) -> bytes:
    """A JPEG with an end marker, so that libjpeg decodes what is there; `is_whole` tells whether that is everything.

    Raises:
        PhotoError: kind truncated or corrupt; the image data has a hole.
    """
    start = next((segment.end for segment in _segments(jpeg) if segment.marker == SOS), None)
    if start is None:
        return jpeg
    if jpeg.find(ZEROS, start) >= 0:
        _check_zeros(jpeg)
    return jpeg if jpeg.rfind(END) >= start else jpeg.rstrip(b"\xff") + END


def ends_grey(image: Image.Image) -> bool:
    """Whether the last pixel looks like missing data; in a sound photo it rarely does."""
    pixel = image.getpixel((image.width - 1, image.height - 1))
    return set(pixel if isinstance(pixel, tuple) else (pixel,)) <= MISSING


def is_whole(jpeg: bytes, scale: int) -> bool:
    """Whether the last scan has data for all its blocks: then noise behind that data changes no pixel.

    Args:
        jpeg: a file, with or without an end marker.
        scale: 1, 2, 4 or 8; at which fraction of its size it is decoded.
    """
    scans = list(_scans(jpeg))
    if not scans:
        return False
    end = _scan_end(jpeg, scans[-1].start)
    if scans[-1].is_arithmetic and jpeg[end : end + 2] == END:
        return True
    data = jpeg[:end].rstrip(b"\xff")
    one, other = (_digest(data + noise + END, scale) for noise in NOISES)
    return one == other


def check_flat(jpeg: bytes, scale: int) -> None:
    """Check zeros that may be a flat area: in the place of other data they would describe too many blocks.

    Raises:
        PhotoError: kind truncated or corrupt.
    """
    for scan in _scans(jpeg) if ZEROS in jpeg else ():
        end = _scan_end(jpeg, scan.start)
        hole = jpeg.find(ZEROS, scan.start, end)
        if scan.is_first_of_dc and hole >= 0 and _ends_early(jpeg, hole, end - LAST, scale):
            refuse_hole(jpeg, hole, end)


def _ends_early(jpeg: bytes, hole: int, last: int, scale: int) -> bool:
    """Whether the picture ends before its data: noise in the hole changes it, and noise at the end does not."""
    picture = _digest(jpeg, scale)

    def matters(at: int) -> bool:
        changed = (jpeg[:at] + noise[:LAST] + jpeg[at + LAST :] for noise in NOISES)
        return any(_digest(other, scale) != picture for other in changed)

    return not matters(last) and matters(hole)


def feed_whole(image: JpegImageFile, jpeg: bytes) -> None:
    """Have an arithmetic JPEG decoded in one piece: libjpeg's decoder of it cannot wait for the next 64 kB."""
    markers = (segment.marker for segment in _segments(jpeg))
    if any(marker in ARITHMETIC_FRAMES for marker in takewhile(SOS.__ne__, markers)):
        image.decodermaxblock = len(jpeg)


def _digest(jpeg: bytes, scale: int) -> bytes:
    image = JpegImageFile(io.BytesIO(jpeg))
    feed_whole(image, jpeg)
    image.draft(None, (max(1, image.width // scale), max(1, image.height // scale)))
    digest = hashlib.blake2b()
    for _, band in of_image(image).bands(1):
        digest.update(band.tobytes())
    return digest.digest()


def _check_zeros(jpeg: bytes) -> None:
    """Refuse a JPEG with a hole of zeros, which Huffman codes allow.

    In some encoders' tables the code of only zeros means "as the block before"; then zeros may be a flat area.
    """
    for scan in _scans(jpeg):
        end = _scan_end(jpeg, scan.start)
        for run in ZERO_RUNS.finditer(jpeg, scan.start, end):
            if len(run[0]) > scan.most_zeros or run.end() == len(jpeg):
                refuse_hole(jpeg, run.start(), end)


def picture_parts(jpeg: bytes) -> PictureParts:
    """What decides the pixels: all tables, the frame, the scans, and the markers by which libjpeg chooses the colours.

    Raises:
        ValueError: the segments contradict themselves.

    Source:
        libjpeg, jdapimin.c, default_decompress_parms: JFIF outranks Adobe's marker, and that the names of components.
    """
    view, parts, exif = memoryview(jpeg), list[bytes | memoryview](), b""
    is_jfif = has_adobe = has_others = False
    component_ids = b""
    for marker, start, end in _segments(jpeg):
        body = view[start:end]
        if marker == APP1 and jpeg.startswith(b"Exif\0\0", start, end):
            exif += bytes(body[6:] if exif else body)  # as Pillow joins them
        is_jfif |= marker == APP0 and jpeg.startswith(b"JFIF\0", start, end)
        has_adobe |= marker == APP14 and jpeg.startswith(b"Adobe", start, end)
        has_others |= marker == APP2 and jpeg.startswith(b"MPF\0", start, end)
        if marker in FRAMES:
            component_ids = bytes(body[6::3])
        if marker == APP14 or not (APP0 <= marker <= APP15 or marker == COM):
            parts += bytes([marker]), body
        if marker == SOS:
            if has_adobe or component_ids == b"RGB":
                parts.append(b"JFIF" if is_jfif else b"")
            is_last = jpeg.endswith(END) and not has_others
            parts.append(view[end : len(jpeg) if is_last else picture_end(jpeg)])
            return PictureParts(b"JPEG", parts, exif)
    raise ValueError("no scan")


def picture_end(jpeg: bytes) -> int:
    """Where the first picture ends. Other pictures, or a film, may follow."""
    last = list(_segments(jpeg))[-1]
    return last.end if last.marker == EOI else len(jpeg)


def _scans(jpeg: bytes) -> Iterator[Scan]:
    """The scans of the first picture; none if the segments contradict themselves."""
    first_symbols: dict[int, int] = {}  # by table: class in the upper half byte, id in the lower one
    flat_bytes, is_arithmetic = len(jpeg), False
    for marker, start, end in _segments(jpeg):
        if marker in FRAMES:
            is_arithmetic = marker in ARITHMETIC_FRAMES
            flat_bytes = _flat_bytes(jpeg[start:end])
        elif marker == DHT:
            first_symbols |= _first_symbols(jpeg[start:end])
        elif marker == SOS:
            header = jpeg[start:end]
            is_flat = is_arithmetic or _zeros_are_flat(header, first_symbols)
            is_first_of_dc = header[-3:-2] == b"\0" and header[-1:] < b"\x10"
            yield Scan(end, flat_bytes if is_flat else 0, is_arithmetic, is_first_of_dc)


def _segments(jpeg: bytes) -> Iterator[Segment]:
    """The segments of the first picture, as far as they do not contradict themselves."""
    position = 2
    while position + 4 <= len(jpeg) and jpeg[position] == 0xFF:
        marker = jpeg[position + 1]
        if marker == 0xFF:
            position += 1
        elif marker in WITHOUT_LENGTH:
            position += 2
        elif marker == EOI:
            break
        else:
            start = position + 4
            position += 2 + int.from_bytes(jpeg[position + 2 : start], "big")
            yield Segment(marker, start, position)
            if marker == SOS:
                position = _scan_end(jpeg, position)
    if jpeg[position : position + 2] == END:
        yield Segment(EOI, position + 2, position + 2)


def _flat_bytes(frame: bytes) -> int:
    """A number of bytes above that of a scan of a picture in one colour.

    Source:
        ITU-T T.81, B.2.2.
    """
    height, width, components = frame[1:3], frame[3:5], frame[5:6]
    blocks = (int.from_bytes(width, "big") + 15) * (int.from_bytes(height, "big") + 15) // 64 * sum(components)
    return blocks * MOST_FLAT_BITS // 8


def _scan_end(jpeg: bytes, start: int) -> int:
    """Where the entropy-coded data of a scan ends: at a marker, or with the file."""
    end = SCAN_END.search(jpeg, start)
    return end.start() if end else len(jpeg)


def _first_symbols(tables: bytes) -> dict[int, int]:
    """The symbol of the code that is all zeros, by table.

    Source:
        ITU-T T.81, B.2.4.2 and annex C: codes are numbered from zero in the order of the symbols.
    """
    symbols = {}
    while len(tables) > 17:
        symbols[tables[0]] = tables[17]
        tables = tables[17 + sum(tables[1:17]) :]
    return symbols


def _zeros_are_flat(header: bytes, first_symbols: dict[int, int]) -> bool:
    """Whether zero bits in a scan mean: no difference, and no further coefficient.

    Source:
        ITU-T T.81, B.2.3 and annex G.
    """
    if len(header) < 4:
        return False
    spectral_start, spectral_end, approximation = header[-3:]
    if spectral_start == 0 and approximation >> 4:
        return True  # each bit refines a block, and may be zero everywhere
    dc = [symbol for table, symbol in first_symbols.items() if table < 16]
    ac = [symbol for table, symbol in first_symbols.items() if table >= 16]
    dc_is_flat = spectral_start > 0 or not any(dc)
    return dc_is_flat and (spectral_end == 0 or all(s & 15 == 0 and s != ZERO_RUN_LENGTH for s in ac))

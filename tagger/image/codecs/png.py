"""Read a PNG as libpng does: a damaged chunk without pixels is left out, one with pixels makes the file corrupt.

Pillow refuses a file for a wrong checksum or length of any chunk before the pixels.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from tagger.core.errors import PhotoError
from tagger.image.codecs.parts import PictureParts

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PIXELS, END = (b"IHDR", b"PLTE", b"IDAT"), b"IEND"
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
KEPT = (*PIXELS, b"tRNS", b"eXIf", *TEXTS)  # neither an animation's frames nor measures of colour
TRANSPARENT_BYTES = {0: 2, 2: 6}  # of tRNS by colour type: one grey level, one colour
EXIF_PROFILES = (b"Raw profile type exif", b"Raw profile type APP1")  # EXIF in hexadecimal, as ImageMagick writes it
EXIF_START = b"Exif\0\0"
MAX_TEXT_BYTES = 2**20  # Pillow refuses the whole file for a longer one


def cleaned(png: bytes) -> bytes:
    """A PNG reduced to its pixels, what describes them, EXIF and texts; EXIF in a text becomes a chunk.

    Raises:
        PhotoError: kind corrupt; the pixels are damaged.
    """
    kept: list[bytes | memoryview] = [SIGNATURE]
    has_exif, profile, rest = False, b"", len(SIGNATURE)
    for kind, body, chunk in _chunks(memoryview(png)):
        rest += len(chunk)
        is_sound = _is_sound(chunk)
        if kind in PIXELS and not is_sound:
            raise PhotoError("corrupt", f"the image data is damaged (wrong checksum of {kind.decode()})")
        if kind == END:
            kept.append(chunk)
        if kind not in KEPT or not is_sound or (kind == b"tRNS" and not _fits(png[25], len(body))):
            continue
        if kind in TEXTS:
            text = _text(kind, bytes(body))
            if text is None:
                continue
            profile = profile or _exif(*text)
        has_exif |= kind == b"eXIf"
        kept.append(chunk)
    if sum(map(len, kept)) == rest and not profile:
        return png
    if profile and not has_exif:
        kept.insert(2, _chunk(b"eXIf", profile))  # behind the header
    return b"".join([*kept, memoryview(png)[rest:]])


def picture_parts(png: bytes) -> PictureParts:
    """What decides the pixels: all critical chunks with their checksums, and the transparency.

    Raises:
        ValueError: the file has no end.
    """
    parts, profile = list[bytes | memoryview](), b""
    exif: bytes | None = None
    for kind, body, chunk in _chunks(memoryview(png)):
        if kind[:1].isupper() or kind == b"tRNS":
            parts.append(chunk)
        elif kind == b"eXIf" and _is_sound(chunk):
            exif = bytes(body)
        elif kind in TEXTS and not profile and _is_sound(chunk) and (text := _text(kind, bytes(body))):
            profile = _exif(*text)
        if kind == END:
            return PictureParts(b"PNG", parts, profile if exif is None else exif)
    raise ValueError("no end")


def picture_end(png: bytes) -> int:
    """Where the PNG ends. Anything may follow."""
    end = len(SIGNATURE)
    for kind, _, chunk in _chunks(memoryview(png)):
        end += len(chunk)
        if kind == END:
            break
    return end


def _is_sound(chunk: memoryview) -> bool:
    return zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")


def _chunks(png: memoryview) -> Iterator[tuple[bytes, memoryview, memoryview]]:
    """Each complete chunk: its kind, its content, and all its bytes."""
    start = len(SIGNATURE)
    while start + 12 <= len(png):
        end = start + 12 + int.from_bytes(png[start : start + 4], "big")
        if end > len(png):
            return
        yield bytes(png[start + 4 : start + 8]), png[start + 8 : end - 4], png[start:end]
        start = end


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _fits(colour_type: int, transparent_bytes: int) -> bool:
    return TRANSPARENT_BYTES.get(colour_type, transparent_bytes) == transparent_bytes


def _text(kind: bytes, body: bytes) -> tuple[bytes, bytes] | None:
    """A text's keyword and content; None if it is too long or broken.

    Source:
        PNG, third edition, 11.3.3.
    """
    keyword, _, text = body.partition(b"\0")
    is_compressed = kind == b"zTXt"
    if kind == b"iTXt":
        is_compressed = text[:1] == b"\1"
        method, *_, text = text[1:2], *text[2:].split(b"\0", 2)
    elif is_compressed:
        method, text = text[:1], text[1:]
    if is_compressed:
        if method != b"\0":
            return None
        inflater = zlib.decompressobj()
        try:
            text = inflater.decompress(text, MAX_TEXT_BYTES)
        except zlib.error:
            return None
        if inflater.unconsumed_tail:
            return None
    return (keyword, text) if len(text) < MAX_TEXT_BYTES else None


def _exif(keyword: bytes, text: bytes) -> bytes:
    """The EXIF in a text; empty if there is none."""
    if keyword not in EXIF_PROFILES:
        return b""
    try:
        _, length, *digits = text.split()
        exif = bytes.fromhex(b"".join(digits)[: 2 * int(length)].decode("ascii"))
    except ValueError:
        return b""
    return exif.removeprefix(EXIF_START) if exif.startswith((EXIF_START, b"II", b"MM")) else b""

"""Whether a WebP is whole: libwebp decodes zeros to noise, and refuses a file that is cut off behind the pixels.

Source:
    RFC 9649, section 2.
"""

from __future__ import annotations

from collections.abc import Iterator

from tagger.core.errors import PhotoError
from tagger.image.codecs.holes import refuse_hole
from tagger.image.codecs.parts import PictureParts

HEADER_BYTES = 12
LOSSY, LOSSLESS = b"VP8 ", b"VP8L"
FRAME, FRAME_HEADER_BYTES = b"ANMF", 16
EXTENDED, ALPHA, ANIMATION, EXIF = b"VP8X", b"ALPH", b"ANIM", b"EXIF"
PICTURE_FLAGS, EXIF_FLAG = 0x12, 0x08  # of the extended header: alpha, animation; EXIF


def is_webp(data: bytes) -> bool:
    """Whether a file begins like a WebP."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def mended(webp: bytes) -> bytes:
    """A WebP without a last chunk that is cut off behind the first picture.

    Raises:
        PhotoError: kind truncated or corrupt; the first picture is not whole.
    """
    _check_first_image(webp)
    if len(webp) >= 8 + int.from_bytes(webp[4:8], "little"):
        return webp
    whole = max((end for _, _, end in _chunks(webp, HEADER_BYTES) if end <= len(webp)), default=0)
    return webp[:4] + (whole - 8).to_bytes(4, "little") + webp[8:whole]


def picture_parts(webp: bytes) -> PictureParts:
    """What decides the pixels: the coded pictures, and the extended header where that means anything for them.

    A single picture without ALPH needs no extended header; programs add one for metadata.

    Raises:
        ValueError: the last chunk is cut off, or there is no picture.
    """
    parts, header, exif = list[bytes | memoryview](), b"", b""
    is_extended = has_exif = False
    for kind, start, end in _chunks(webp, HEADER_BYTES):
        if end > len(webp):
            raise ValueError("cut off")
        if kind == EXTENDED:
            has_exif = bool(webp[start] & EXIF_FLAG)
            header = bytes([webp[start] & PICTURE_FLAGS]) + webp[start + 4 : end]
        elif kind == EXIF and has_exif:  # libwebp passes over it otherwise
            exif = exif or webp[start:end]
        elif kind in (LOSSY, LOSSLESS, ALPHA, ANIMATION, FRAME):
            is_extended |= kind in (ALPHA, ANIMATION, FRAME)
            parts += kind, memoryview(webp)[start:end]
    if not parts:
        raise ValueError("no picture")
    return PictureParts(b"WEBP", [*parts, header] if is_extended else parts, exif)


def _check_first_image(webp: bytes) -> None:
    for kind, start, end in _chunks(webp, HEADER_BYTES):
        if kind == FRAME:
            inner = _chunks(webp, start + FRAME_HEADER_BYTES)
            kind, start = next(((name, at) for name, at, _ in inner if name in (LOSSY, LOSSLESS)), (LOSSLESS, end))
        if kind in (LOSSY, LOSSLESS):
            if end > len(webp):
                break
            if kind == LOSSY:  # a flat area of a lossless picture may be zeros
                refuse_hole(webp, start, end)
            return
    raise PhotoError("truncated", "the file ends before the image does")


def _chunks(webp: bytes, start: int) -> Iterator[tuple[bytes, int, int]]:
    """The kind of each chunk, and where its content starts and ends."""
    while start + 8 <= len(webp):
        size = int.from_bytes(webp[start + 4 : start + 8], "little")
        yield webp[start : start + 4], start + 8, start + 8 + size + size % 2
        start += 8 + size + size % 2

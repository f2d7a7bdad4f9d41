"""Whether a WebP is whole: libwebp decodes zeros to noise, and refuses a file that is cut off behind the pixels.

Source:
    RFC 9649, section 2; RFC 6386, section 9.1.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator

from PIL.WebPImagePlugin import WebPImageFile

from tagger.core.errors import PhotoError
from tagger.image.codecs.holes import HOLES, refuse_hole
from tagger.image.codecs.parts import PictureParts
from tagger.image.rows import decode_rows

HEADER_BYTES = 12
LOSSY, LOSSLESS = b"VP8 ", b"VP8L"
FRAME, FRAME_HEADER_BYTES = b"ANMF", 16
EXTENDED, ALPHA, ANIMATION, EXIF = b"VP8X", b"ALPH", b"ANIM", b"EXIF"
PICTURE_FLAGS, EXIF_FLAG = 0x12, 0x08  # of the extended header: alpha, animation; EXIF
LOSSY_HEADER_BYTES, MODES_SHIFT = 10, 5  # of VP8: after it the blocks' modes, whose length is in its first 3 bytes
LAST = 64  # bytes: more than encoders add to complete the last pixel
NOISES = (bytes.fromhex("5aa5c33c69960ff0") * 8, bytes.fromhex("a55a3cc39669f00f") * 8)


def is_webp(data: bytes) -> bool:
    """Whether a file begins like a WebP."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def mended(webp: bytes) -> bytes:
    """A WebP without a last chunk that is cut off behind the first picture.

    Raises:
        PhotoError: kind truncated or corrupt; the first picture is not whole.
    """
    start, end = _first_image(webp)
    if webp[start - 8 : start - 4] == LOSSY:
        modes = int.from_bytes(webp[start : start + 3], "little") >> MODES_SHIFT
        refuse_hole(webp, start, min(end, start + LOSSY_HEADER_BYTES + modes))
        refuse_hole(webp, start, end, HOLES[1:])  # no flat area of a lossy picture is ones
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


def check_decoded(webp: bytes) -> None:
    """Check a decoded WebP for holes. A flat area is zeros too, but a sound picture needs its last bytes.

    Raises:
        PhotoError: kind truncated or corrupt.
    """
    start, end = _first_image(webp)
    try:
        refuse_hole(webp, start, end)
    except PhotoError:
        if not _needs_last_bytes(webp[start - 8 : start - 4], webp[start:end]):
            raise


def _needs_last_bytes(kind: bytes, data: bytes) -> bool:
    """Whether a picture ends with its data, not before because a hole in it describes too many pixels.

    libwebp refuses lossless data without its end, and decodes lossy data without it.
    """
    try:
        if kind == LOSSLESS:
            return not _digest(kind, data[:-LAST])
        picture = _digest(kind, data)
        return any(_digest(kind, data[:-LAST] + noise) != picture for noise in NOISES)
    except OSError:
        return True


def _digest(kind: bytes, data: bytes) -> bytes:
    chunk = kind + len(data).to_bytes(4, "little") + data
    webp = b"RIFF" + (4 + len(chunk)).to_bytes(4, "little") + b"WEBP" + chunk
    digest = hashlib.blake2b()
    for _, band in decode_rows(WebPImageFile(io.BytesIO(webp))).bands(1):
        digest.update(band.tobytes())
    return digest.digest()


def _first_image(webp: bytes) -> tuple[int, int]:
    """Where the data of the first picture starts and ends.

    Raises:
        PhotoError: kind truncated.
    """
    for kind, start, end in _chunks(webp, HEADER_BYTES):
        if kind == FRAME:
            inner = _chunks(webp, start + FRAME_HEADER_BYTES)
            kind, start, end = next((chunk for chunk in inner if chunk[0] in (LOSSY, LOSSLESS)), (kind, start, end))
        if kind in (LOSSY, LOSSLESS) and end <= len(webp):
            return start, end
        if kind in (LOSSY, LOSSLESS, FRAME):
            break
    raise PhotoError("truncated", "the file ends before the image does")


def _chunks(webp: bytes, start: int) -> Iterator[tuple[bytes, int, int]]:
    """The kind of each chunk, and where its content starts and ends."""
    while start + 8 <= len(webp):
        size = int.from_bytes(webp[start + 4 : start + 8], "little")
        yield webp[start : start + 4], start + 8, start + 8 + size + size % 2
        start += 8 + size + size % 2

"""Whether a WebP is whole: libwebp decodes zeros to noise.

Source:
    RFC 9649, section 2.
"""

from __future__ import annotations

from collections.abc import Iterator

from tagger.core.errors import PhotoError

MIN_ZEROS = bytes(512)  # neither of the two codecs has such a run of zeros in a photo
PIXELS = (b"VP8 ", b"VP8L", b"ALPH")
FRAME, FRAME_HEADER_BYTES = b"ANMF", 16


def is_webp(data: bytes) -> bool:
    """Whether a file begins like a WebP."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def check(webp: bytes) -> None:
    """Check that the first picture's data is inside the file and has no hole of zeros.

    Raises:
        PhotoError: kinds truncated, corrupt.
    """
    for kind, start, end in _chunks(webp, 12):
        if end > len(webp):
            raise PhotoError("truncated", "the file ends before the image does")
        if kind in PIXELS and (at := webp.find(MIN_ZEROS, start, end)) >= 0:
            damage = "corrupt" if webp[at:].strip(b"\0") else "truncated"
            raise PhotoError(damage, f"zeros are in the place of image data from byte {at:,} on")
        if kind in (b"VP8 ", b"VP8L"):
            return


def _chunks(webp: bytes, start: int) -> Iterator[tuple[bytes, int, int]]:
    """The kind, start and end of each chunk, those of the first frame in its place."""
    while start + 8 <= len(webp):
        kind, size = webp[start : start + 4], int.from_bytes(webp[start + 4 : start + 8], "little")
        start += 8
        if kind == FRAME:
            start += FRAME_HEADER_BYTES
        else:
            yield kind, start, start + size
            start += size + size % 2

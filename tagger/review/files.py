"""The file that shows a photo: a decision belongs to what is in it now, not to what was once at its path."""

from __future__ import annotations

import os
from typing import Literal, NamedTuple

from db.engine import Connection
from db.errors import UnknownPhoto
from db.read.photos import find_photo
from db.read.review import present_files
from tagger.core.errors import DecisionsError
from tagger.library.decisions.contents import contents_of

Problem = Literal["gone", "changed"]


class PhotoFile(NamedTuple):
    """A file with a photo's picture, or why there is none."""

    path: str | None
    problem: Problem = "gone"


def unchanged_file(connection: Connection, photo: int, *, max_bytes: int) -> PhotoFile:
    """The first file that still has a photo's picture.

    Args:
        connection: any.
        photo: its row id.
        max_bytes: larger files are not read.
    """
    problem: Problem = "gone"
    for path, size_bytes, mtime_ns in present_files(connection, photo):
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            continue
        is_as_scanned = (status.st_size, status.st_mtime_ns) == (size_bytes, mtime_ns)
        if is_as_scanned or _shows(connection, path, photo, max_bytes):
            return PhotoFile(path)
        problem = "changed"
    return PhotoFile(None, problem)


def _shows(connection: Connection, path: str, photo: int, max_bytes: int) -> bool:
    """Whether a file that was written since the last scan still has the photo's picture."""
    try:
        (content,) = contents_of(connection, [path], max_bytes=max_bytes)
        return find_photo(connection, content) == photo
    except (DecisionsError, UnknownPhoto):
        return False

"""Walk folders for photos. What is skipped is skipped by a rule written here; everything else is reported.

Skipped: hidden files and folders (their name begins with a dot), folders with a `.nomedia` file and all below
them, files without an image's suffix, what the globs leave out, and folders that were already walked (so that a
loop of symbolic links ends).
"""

from __future__ import annotations

import fnmatch
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from tagger.errors import FolderNotFound

SUFFIXES = frozenset(
    ("jpg", "jpeg", "jpe", "jfif", "mpo", "png", "webp", "gif", "tif", "tiff", "bmp", "avif", "heic", "heif")
)
NO_MEDIA = ".nomedia"


class Found(NamedTuple):
    """A file with an image's name. A tuple, since a library has 200,000 of them and a dataclass takes twice as long.

    Args:
        path: absolute; symbolic links are kept as they are named.
        size_bytes: None where the file could not be looked at (it vanished, or permission is missing).
    """

    path: str
    size_bytes: int | None
    mtime_ns: int | None


@dataclass(frozen=True, slots=True)
class Globs:
    """Which files count. A pattern with a slash is matched against the path below the scanned folder, one without
    against the name alone; `*` also spans slashes. Case counts."""

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()

    def admit(self, relative: str, name: str) -> bool:
        return (not self.include or _matches(self.include, relative, name)) and not self.shut_out(relative, name)

    def shut_out(self, relative: str, name: str) -> bool:
        return bool(self.exclude) and _matches(self.exclude, relative, name)


def scan(roots: Sequence[str], globs: Globs) -> Iterator[Found]:
    """Every photo file under some files and folders, in the order of the roots, each folder sorted by name.

    A file that is named itself counts whatever its suffix. A folder with an image's name, and one that may not be
    listed, come out as `Found` too: opening them later says what is wrong.

    Raises:
        FolderNotFound: a root does not exist. Nothing was yielded then.
    """
    absolute = [os.path.abspath(root) for root in roots]
    for root in absolute:
        if not os.path.lexists(root):
            raise FolderNotFound(root)
    walked: set[tuple[int, int]] = set()
    for root in absolute:
        if os.path.isdir(root):
            yield from _walk(root, "", globs, walked)
        else:
            yield _look(root)


def _walk(folder: str, relative: str, globs: Globs, walked: set[tuple[int, int]]) -> Iterator[Found]:
    """One folder and all below it; `relative` is its path below the root, with a slash at the end, or empty."""
    try:
        identity = os.stat(folder)
        if (identity.st_dev, identity.st_ino) in walked:
            return
        walked.add((identity.st_dev, identity.st_ino))
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=attrgetter("name"))
    except OSError:
        yield Found(folder, None, None)
        return
    if any(entry.name == NO_MEDIA for entry in entries):
        return
    for entry in entries:
        name = entry.name
        if name.startswith("."):
            continue
        if _is_folder(entry):
            yield from _enter(entry, relative + name, globs, walked)
        elif _is_image(name) and globs.admit(relative + name, name):
            yield _entry(entry)


def _enter(entry: os.DirEntry[str], relative: str, globs: Globs, walked: set[tuple[int, int]]) -> Iterator[Found]:
    if globs.shut_out(relative, entry.name):
        return
    if _is_image(entry.name):
        yield Found(entry.path, None, None)
    yield from _walk(entry.path, relative + "/", globs, walked)


def _is_image(name: str) -> bool:
    return "." in name and name.rpartition(".")[2].lower() in SUFFIXES


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _entry(entry: os.DirEntry[str]) -> Found:
    try:
        status = entry.stat()
    except OSError:
        return Found(entry.path, None, None)
    return Found(entry.path, status.st_size, status.st_mtime_ns)


def _look(path: str) -> Found:
    try:
        status = os.stat(path)
    except OSError:
        return Found(path, None, None)
    return Found(path, status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else Found(path, None, None)


def _matches(patterns: Sequence[str], relative: str, name: str) -> bool:
    return any(fnmatch.fnmatchcase(relative if "/" in pattern else name, pattern) for pattern in patterns)

"""Walk folders for photos. What is skipped is skipped by a rule written here; everything else is reported.

Skipped: hidden files and folders (their name begins with a dot), folders with a `.nomedia` file and all below
them, files without an image's suffix, what the globs leave out, and folders that were already walked (so that a
loop of symbolic links ends).
"""

from __future__ import annotations

import fnmatch
import os
import stat
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from tagger.core.errors import FolderNotFound
from tagger.core.types import FoundFile
from tagger.image.formats import has_image_suffix

MTIME_LIMIT_NS = 2**63 - 1  # the largest number of SQLite, in the year 2262; a broken camera clock may be beyond
NO_MEDIA = ".nomedia"


@dataclass(frozen=True, slots=True)
class Globs:
    """Which files count. A pattern with a slash is matched against the path below the scanned folder, one without
    against the name alone; `*` also spans slashes. Case counts."""

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()

    def admit(self, relative: str, name: str) -> bool:
        if self.include and not _matches(self.include, relative, name):
            return False
        return not self.shut_out(relative, name)

    def shut_out(self, relative: str, name: str) -> bool:
        return bool(self.exclude) and _matches(self.exclude, relative, name)


def _go_on() -> None:
    pass


def scan(roots: Sequence[str], globs: Globs, *, before_each: Callable[[], None] = _go_on) -> Iterator[FoundFile]:
    """Every photo file under some files and folders, in the order of the roots: a folder's files by name, then its
    folders by name. Links to folders come last, so that a photo is known by its own place rather than by a link's.

    A file that is named itself counts whatever its suffix. A folder with an image's name, and one that may not be
    listed, come out as `FoundFile` too: opening them later says what is wrong.

    Args:
        before_each: called before each folder; what it raises ends the walk.

    Raises:
        FolderNotFound: a root does not exist. Nothing was yielded then.
    """
    absolute = existing([os.path.abspath(root) for root in roots])
    walked: set[tuple[int, int]] = set()
    for root in absolute:
        if os.path.isdir(root):
            yield from _walk(root, globs, walked, before_each)
        else:
            yield _look(root)


def existing(roots: Sequence[str], *, skip_missing: bool = False) -> list[str]:
    """The roots, if all are there; or those that are, if others may be missing.

    Raises:
        FolderNotFound: the first that is not there, or one of them where none is.
    """
    there = [root for root in roots if _is_there(root)]
    missing = next((root for root in roots if root not in there), None)
    if missing is not None and not (skip_missing and there):
        raise FolderNotFound(missing)
    return there


def _is_there(root: str) -> bool:
    """Not so for a link to a drive that is off; but so for what may not be looked at."""
    try:
        os.stat(root)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def is_below(path: str, root: str) -> bool:
    return path.startswith(root.rstrip("/") + "/")


def _walk(
    root: str, globs: Globs, walked: set[tuple[int, int]], before_each: Callable[[], None]
) -> Iterator[FoundFile]:
    """A folder and all below it; with each folder goes its path below the root, ending in a slash, or empty."""
    waiting, links = [(root, "")], deque[tuple[str, str]]()
    admits_all = not (globs.include or globs.exclude)  # then no path needs to be put together to be asked about
    while waiting or links:
        before_each()
        folder, relative = waiting.pop() if waiting else links.popleft()
        entries = _entries(folder, walked)
        if entries is None:
            yield FoundFile(folder, None, None)
            continue
        folders: list[tuple[str, str]] = []
        for entry in entries:
            name = entry.name
            if name.startswith("."):
                continue
            if not _is_folder(entry):
                if has_image_suffix(name) and (admits_all or globs.admit(relative + name, name)):
                    yield _entry(entry)
            elif not globs.shut_out(relative + name, name):
                if has_image_suffix(name):
                    yield FoundFile(entry.path, None, None)
                (links if entry.is_symlink() else folders).append((entry.path, f"{relative}{name}/"))
        waiting.extend(reversed(folders))


def _entries(folder: str, walked: set[tuple[int, int]]) -> list[os.DirEntry[str]] | None:
    """What lies in a folder, by name; nothing where it was walked before or has a `.nomedia`; None if it is closed."""
    try:
        identity = os.stat(folder)
        if (identity.st_dev, identity.st_ino) in walked:
            return []
        walked.add((identity.st_dev, identity.st_ino))
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=attrgetter("name"))
    except OSError:
        return None
    return [] if any(entry.name == NO_MEDIA for entry in entries) else entries


def comes_upon(root: str, path: str, globs: Globs) -> bool:
    """Whether a walk over a root comes upon a file that lies below it, links left aside."""
    *folders, name = os.path.relpath(path, root).split(os.sep)
    if any(part.startswith(".") for part in (*folders, name)) or not has_image_suffix(name):
        return False
    relative, at = "", root
    for folder in ("", *folders):
        at = os.path.join(at, folder)
        is_shut_out = bool(folder) and globs.shut_out(relative + folder, folder)
        if is_shut_out or os.path.lexists(os.path.join(at, NO_MEDIA)):
            return False
        relative += f"{folder}/" if folder else ""
    return globs.admit(relative + name, name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _look(path: str) -> FoundFile:
    try:
        return _found(path, os.stat(path))
    except OSError:
        return FoundFile(path, None, None)


def _entry(entry: os.DirEntry[str]) -> FoundFile:
    try:
        return _found(entry.path, entry.stat())
    except OSError:
        return FoundFile(entry.path, None, None)


def _found(path: str, status: os.stat_result) -> FoundFile:
    if not stat.S_ISREG(status.st_mode):
        return FoundFile(path, None, None)
    mtime_ns = status.st_mtime_ns
    if not -MTIME_LIMIT_NS <= mtime_ns <= MTIME_LIMIT_NS:
        mtime_ns = MTIME_LIMIT_NS
    return FoundFile(path, status.st_size, mtime_ns)


def _matches(patterns: Sequence[str], relative: str, name: str) -> bool:
    return any(fnmatch.fnmatchcase(relative if "/" in pattern else name, pattern) for pattern in patterns)

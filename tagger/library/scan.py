"""Walk folders for photos.

Skipped are hidden files and folders (their names begin with a dot), what `tagger.library.selection` leaves out, files
without an image's suffix, and folders that were already walked, so that a loop of symbolic links ends.

Paths are bytes here, as the file system and the store hold them: a library has 300,000 of them.
"""

from __future__ import annotations

import os
import stat
from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tagger.core.errors import FolderNotFound
from tagger.core.types import FoundFile
from tagger.image.formats import SUFFIXES, passed_over_as
from tagger.library.selection import Globs, is_marked, is_original, is_photo_library

TIME_LIMIT_NS = 2**63 - 1  # SQLite's largest integer, in the year 2262; a broken clock may exceed it
HAS_CTIME = os.name == "posix"  # on Windows st_ctime is the time of creation
UNKNOWN = -(2**63)  # no size and no time: not a regular file, or `stat` failed
NO_STAMPS = (UNKNOWN, UNKNOWN, UNKNOWN)
STAMPS = len(NO_STAMPS)
SUFFIX_BYTES = tuple(suffix.encode() for suffix in SUFFIXES)


class ScannedFolder(NamedTuple):
    """The photo files in one folder, by name."""

    path: bytes
    names: list[bytes]  # one empty name: the path itself is a file, or a folder that cannot be listed
    stamps: array[int]  # of each its size in bytes, mtime and ctime in nanoseconds; UNKNOWN for each that is unknown


def _do_nothing() -> None:
    pass


def _never(_folder: str) -> bool:
    return False


def scan(roots: Sequence[str], globs: Globs, *, passed_over: Counter[str] | None = None) -> Iterator[FoundFile]:
    """Find every photo file below the roots; see `walk`."""
    for folder in walk(roots, globs, passed_over=passed_over):
        for position, name in enumerate(folder.names):
            yield found_file(os.path.join(folder.path, name) if name else folder.path, folder.stamps, position)


def walk(
    roots: Sequence[str],
    globs: Globs,
    *,
    before_folder: Callable[[], None] = _do_nothing,
    is_elsewhere: Callable[[str], bool] = _never,
    passed_over: Counter[str] | None = None,
) -> Iterator[ScannedFolder]:
    """Find the photo files below the roots, folder by folder.

    Roots come in their order; in a folder, files by name, then folders by name. Links to folders come last, so that a
    photo is found at its own path rather than at a link's. A root that is a file counts whatever its suffix. A folder
    that cannot be listed counts as a file: reading it later gives the error.

    Args:
        roots: folders and files.
        globs: select files and folders.
        before_folder: called before each folder; may raise to end the scan.
        is_elsewhere: whether a linked folder, given by its real path, belongs to another root; then it is not followed.
        passed_over: counts by suffix the files that the globs select and that have no image's suffix.

    Raises:
        FolderNotFound: a root does not exist; raised before the first file.
    """
    walking = _Walk(globs, before_folder, Counter() if passed_over is None else passed_over)
    for root in existing_roots([os.path.abspath(root) if root else root for root in roots]):
        if os.path.isdir(root):
            yield from walking.folder(root, "")
        else:
            yield _single(root)
    while walking.links:
        folder, relative = walking.links.popleft()
        if not is_elsewhere(os.path.realpath(folder)):
            yield from walking.folder(folder, relative)


def existing_roots(roots: Sequence[str], *, skip_missing: bool = False) -> list[str]:
    """The roots that exist.

    Args:
        roots: folders and files.
        skip_missing: some may be missing, but not all.

    Raises:
        FolderNotFound: a root is missing that must exist.
    """
    found = [root for root in roots if _exists(root)]
    if len(found) < len(roots) and not (skip_missing and found):
        raise FolderNotFound(next(root for root in roots if not _exists(root)))
    return found


def _exists(root: str) -> bool:
    """False for a broken link; true for what this user may not access."""
    try:
        os.stat(root)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def outermost(roots: Sequence[str]) -> list[str]:
    """The roots that no other root contains."""
    found: list[str] = []
    for root in sorted(set(roots), key=lambda path: path.split("/")):
        if not found or not is_below(root, found[-1]):
            found.append(root)
    return found


def is_below(path: str, root: str) -> bool:
    return path.startswith(root.rstrip("/") + "/")


def found_file(path: bytes, stamps: array[int], position: int) -> FoundFile:
    """The file with a path and its position in the stamps."""
    size, mtime_ns, ctime_ns = stamps[STAMPS * position : STAMPS * (position + 1)]
    known_ctime = None if ctime_ns == UNKNOWN else ctime_ns
    return (
        FoundFile(os.fsdecode(path), None, None)
        if size == UNKNOWN
        else FoundFile(os.fsdecode(path), size, mtime_ns, known_ctime)
    )


Folders = list[tuple[str, str]]  # each with its path below its root, which ends in a slash or is empty


@dataclass(slots=True)
class _Walk:
    """A walk over several roots."""

    globs: Globs
    before_folder: Callable[[], None]
    passed_over: Counter[str]
    walked: set[tuple[int, int]] = field(default_factory=set)  # devices and inodes
    links: deque[tuple[str, str]] = field(default_factory=deque)  # to folders, as in `Folders`

    def folder(self, folder: str, relative: str) -> Iterator[ScannedFolder]:
        """Scan a folder and all below it, except links."""
        waiting = [(folder, relative)]
        while waiting:
            self.before_folder()
            folder, relative = waiting.pop()
            try:
                files, folders = self._list(folder, relative)
            except OSError:
                yield _single(folder, is_folder=True)
                continue
            if files:
                yield _scanned(os.fsencode(folder), files)
            waiting.extend(reversed(folders))

    def _list(self, folder: str, relative: str) -> tuple[list[bytes], Folders]:
        """The names of a folder's photo files and its folders, sorted; nothing if it is skipped or was walked."""
        status = os.stat(folder)
        identity = status.st_dev, status.st_ino
        if identity in self.walked:
            return [], []
        self.walked.add(identity)
        files: list[bytes] = []
        folders: Folders = []
        links: Folders = []
        others: list[str] = []
        marks: list[str] = []
        is_library = is_photo_library(folder)
        with os.scandir(os.fsencode(folder)) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith(b"."):
                    marks.append(os.fsdecode(name))
                elif _is_folder(entry):
                    text = os.fsdecode(name)
                    if self.globs.includes_folder(relative + text, text) and (not is_library or is_original(text)):
                        (links if entry.is_symlink() else folders).append((text, f"{relative}{text}/"))
                elif not is_library and (self.globs.selects_all_files or self._selects(relative, name)):
                    if name.lower().endswith(SUFFIX_BYTES):
                        files.append(name)
                    else:
                        others.append(os.fsdecode(name))
        if is_marked(folder, marks):
            return [], []
        self.passed_over.update(filter(None, map(passed_over_as, others)))
        self.links.extend(_joined(folder, links))
        files.sort()
        return files, _joined(folder, folders)

    def _selects(self, relative: str, name: bytes) -> bool:
        text = os.fsdecode(name)
        return self.globs.includes_file(relative + text, text)


def _joined(parent: str, folders: Folders) -> Folders:
    return [(os.path.join(parent, name), relative) for name, relative in sorted(folders)]


def _is_folder(entry: os.DirEntry[bytes]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _scanned(folder: bytes, names: list[bytes]) -> ScannedFolder:
    stamps = array("q")
    prefix = os.path.join(folder, b"")
    for name in names:
        stamps.extend(_stamps(prefix + name))
    return ScannedFolder(folder, names, stamps)


def _single(path: str, *, is_folder: bool = False) -> ScannedFolder:
    place = os.fsencode(path)
    return ScannedFolder(place, [b""], array("q", NO_STAMPS if is_folder else _stamps(place)))


def _stamps(path: bytes) -> tuple[int, int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return NO_STAMPS
    if not stat.S_ISREG(status.st_mode):
        return NO_STAMPS
    ctime_ns = _storable(status.st_ctime_ns) if HAS_CTIME else UNKNOWN
    return status.st_size, _storable(status.st_mtime_ns), ctime_ns


def _storable(time_ns: int) -> int:
    return time_ns if -TIME_LIMIT_NS <= time_ns <= TIME_LIMIT_NS else TIME_LIMIT_NS

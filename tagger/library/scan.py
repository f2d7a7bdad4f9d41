"""Walk folders for photos.

Only these are skipped: hidden files and folders (their names begin with a dot), folders with a `.nomedia`
file and all below them, files without an image's suffix, what the globs exclude, and folders that were already
walked, so that a loop of symbolic links ends.
"""

from __future__ import annotations

import fnmatch
import os
import stat
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from tagger.core.errors import FolderNotFound
from tagger.core.types import FoundFile
from tagger.image.formats import SUFFIXES, passed_over_as

TIME_LIMIT_NS = 2**63 - 1  # SQLite's largest integer, in the year 2262; a broken clock may exceed it
HAS_CTIME = os.name == "posix"  # on Windows st_ctime is the time of creation
NO_MEDIA = ".nomedia"


@dataclass(frozen=True, slots=True)
class Globs:
    """Globs that select files.

    A pattern with a slash is matched against the path below the scanned folder, one without against the name alone.
    `*` also matches slashes, and case counts.
    """

    include: Sequence[str] = ()  # only files that match one of these; empty means all
    exclude: Sequence[str] = ()  # no file or folder that matches one of these

    def includes_file(self, relative: str, name: str) -> bool:
        if self.include and not _matches(self.include, relative, name):
            return False
        return not self.excludes(relative, name)

    def excludes(self, relative: str, name: str) -> bool:
        return bool(self.exclude) and _matches(self.exclude, relative, name)


def _do_nothing() -> None:
    pass


def scan(
    roots: Sequence[str],
    globs: Globs,
    *,
    before_folder: Callable[[], None] = _do_nothing,
    passed_over: Counter[str] | None = None,
) -> Iterator[FoundFile]:
    """Find every photo file under the roots.

    Roots come in their order; in a folder, files by name, then folders by name. Links to folders come last, so that a
    photo is found at its own path rather than at a link's. A root that is a file is yielded whatever its suffix. So are
    a folder with an image's name and one that cannot be listed: reading them later gives the error.

    Args:
        roots: folders and files.
        globs: select the files.
        before_folder: called before each folder; may raise to end the scan.
        passed_over: counts by suffix the files that the globs select and that have no image's suffix.

    Raises:
        FolderNotFound: a root does not exist; raised before the first file.
    """
    absolute = existing_roots([os.path.abspath(root) for root in roots])
    walked: set[tuple[int, int]] = set()
    for root in absolute:
        if os.path.isdir(root):
            yield from _walk(root, globs, walked, before_folder, Counter() if passed_over is None else passed_over)
        else:
            yield _file(root)


def existing_roots(roots: Sequence[str], *, skip_missing: bool = False) -> list[str]:
    """The roots that exist.

    Args:
        roots: folders and files.
        skip_missing: some may be missing, but not all.

    Raises:
        FolderNotFound: a root is missing that may not be.
    """
    found = [root for root in roots if _exists(root)]
    missing = next((root for root in roots if root not in found), None)
    if missing is not None and not (skip_missing and found):
        raise FolderNotFound(missing)
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


def is_below(path: str, root: str) -> bool:
    return path.startswith(root.rstrip("/") + "/")


def _walk(
    root: str,
    globs: Globs,
    walked: set[tuple[int, int]],
    before_folder: Callable[[], None],
    passed_over: Counter[str],
) -> Iterator[FoundFile]:
    """Scan a folder and all below it."""
    # Each folder with its path below the root, which ends in a slash or is empty.
    waiting, links = [(root, "")], deque[tuple[str, str]]()
    includes_all = not (globs.include or globs.exclude)  # then relative paths are not needed
    while waiting or links:
        before_folder()
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
                if not (includes_all or globs.includes_file(relative + name, name)):
                    continue
                if name.lower().endswith(SUFFIXES):
                    yield _entry(entry)
                elif suffix := passed_over_as(name):
                    passed_over[suffix] += 1
            elif not globs.excludes(relative + name, name):
                if name.lower().endswith(SUFFIXES):
                    yield FoundFile(entry.path, None, None)
                (links if entry.is_symlink() else folders).append((entry.path, f"{relative}{name}/"))
        waiting.extend(reversed(folders))


def _entries(folder: str, walked: set[tuple[int, int]]) -> list[os.DirEntry[str]] | None:
    """A folder's entries by name; empty if it was walked before or has a `.nomedia`; None if it cannot be read."""
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


def would_find(root: str, path: str, globs: Globs) -> bool:
    """Whether a scan of a root would find a file below it, links apart."""
    *folders, name = os.path.relpath(path, root).split(os.sep)
    if any(part.startswith(".") for part in (*folders, name)) or not name.lower().endswith(SUFFIXES):
        return False
    relative, parent = "", root
    for folder in ("", *folders):
        parent = os.path.join(parent, folder)
        is_excluded = bool(folder) and globs.excludes(relative + folder, folder)
        if is_excluded or os.path.lexists(os.path.join(parent, NO_MEDIA)):
            return False
        relative += f"{folder}/" if folder else ""
    return globs.includes_file(relative + name, name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _file(path: str) -> FoundFile:
    try:
        return _found_file(path, os.stat(path))
    except OSError:
        return FoundFile(path, None, None)


def _entry(entry: os.DirEntry[str]) -> FoundFile:
    try:
        return _found_file(entry.path, entry.stat())
    except OSError:
        return FoundFile(entry.path, None, None)


def _found_file(path: str, status: os.stat_result) -> FoundFile:
    if not stat.S_ISREG(status.st_mode):
        return FoundFile(path, None, None)
    ctime_ns = _storable(status.st_ctime_ns) if HAS_CTIME else None
    return FoundFile(path, status.st_size, _storable(status.st_mtime_ns), ctime_ns)


def _storable(time_ns: int) -> int:
    return time_ns if -TIME_LIMIT_NS <= time_ns <= TIME_LIMIT_NS else TIME_LIMIT_NS


def _matches(patterns: Sequence[str], relative: str, name: str) -> bool:
    return any(fnmatch.fnmatchcase(relative if "/" in pattern else name, pattern) for pattern in patterns)

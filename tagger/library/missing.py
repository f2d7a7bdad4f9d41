"""Which stored files are gone, and whether that can be believed.

The one rule: a drive that is not mounted looks like a folder that somebody emptied. Where much is gone at once, nothing
is marked before a person says that it is so. What only lies elsewhere now is not gone: its photo is known there.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from db.engine import Store
from db.read.files import elsewhere
from db.rows import FileState
from tagger.core.text import printable
from tagger.core.types import FoundFile
from tagger.library.scan import is_below

FEW = 20  # so many may be gone of any folder


@dataclass(frozen=True, slots=True)
class SuspiciousDeletion:
    """More of a folder is gone than can be believed; none of it was marked.

    Args:
        known: how many files of it were there when last looked for.
    """

    root: str
    gone: int
    known: int

    def __str__(self) -> str:
        return (
            f"{self.gone:,} of the {self.known:,} known files in {printable(self.root)} are gone, which looks like a "
            "drive that is not mounted: none of them was marked as gone. If they were deleted: tagger tag --accept-gone"
        )


@dataclass(frozen=True, slots=True)
class MissingFiles:
    """Args:
    gone: not there any more.
    back: marked as gone, and there again.
    """

    gone: Sequence[str] = ()
    back: Sequence[str] = ()
    doubts: tuple[SuspiciousDeletion, ...] = ()


def find_missing(
    store: Store,
    found: Mapping[str, FoundFile],
    known: Mapping[str, FileState],
    roots: Sequence[str],
    *,
    max_share: float,
) -> MissingFiles:
    """Look at what a scan did not find, once what it found is stored.

    Args:
        found: by path.
        max_share: of a root's files; above it, and above `FEW`, there is doubt. 1 doubts nothing.
    """
    gone = sorted(path for path in known.keys() - found.keys() if not known[path].gone and _is_gone(path))
    back = [path for path, state in known.items() if state.gone and path in found and not _is_gone(path)]
    if not gone or max_share == 1:
        return MissingFiles(gone, back)
    with store.read() as connection:
        moved = {path for path, place in elsewhere(connection, gone) if place in found}
    lost = [path for path in gone if path not in moved]
    doubts = list(_doubts(lost, known, roots, max_share))
    doubted = [doubt.root for doubt in doubts]
    doubts += [doubt for doubt in _emptied(gone, moved) if not _is_in(doubt.root, doubted)]
    believed = [path for path in gone if path in moved or not _is_in(path, [doubt.root for doubt in doubts])]
    return MissingFiles(believed, back, tuple(doubts))


def _doubts(
    lost: Collection[str], known: Mapping[str, FileState], roots: Sequence[str], max_share: float
) -> Iterator[SuspiciousDeletion]:
    """About the folders that were looked at as a whole."""
    for root in roots:
        if of_it := sum(is_below(path, root) for path in lost):
            present = sum(not state.gone and is_below(path, root) for path, state in known.items())
            is_much = of_it > FEW and of_it > max_share * present
            if is_much or _is_empty(root):
                yield SuspiciousDeletion(root, of_it, present)


def _emptied(gone: Sequence[str], moved: Collection[str]) -> Iterator[SuspiciousDeletion]:
    """About folders in which nothing is left: a drive that was mounted below a root leaves one."""

    @cache
    def remaining(folder: str) -> str:
        return folder if os.path.isdir(folder) else remaining(os.path.dirname(folder))

    known: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for path in gone:
        folder = remaining(os.path.dirname(path))
        known[folder] += 1
        lost[folder] += path not in moved
    for folder in sorted(lost):
        if lost[folder] > FEW and _is_empty(folder):
            yield SuspiciousDeletion(folder, lost[folder], known[folder])


def _is_in(path: str, folders: Sequence[str]) -> bool:
    return any(path == folder or is_below(path, folder) for folder in folders)


def _is_empty(folder: str) -> bool:
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    except OSError:
        return False


def _is_gone(path: str) -> bool:
    """Whether there is surely no such file. One behind a closed folder or a drive that fails is not gone."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)  # a folder that once could not be listed, and now can
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False

"""Which stored files are gone, and whether that can be believed.

The one rule: a drive that is not mounted looks like a folder that somebody emptied. Where much is gone at once, nothing
is marked before a person says that it is so.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from db.rows import FileState
from tagger.answers import printable
from tagger.scan import Found, is_below

FEW = 20  # so many may be gone of any folder


@dataclass(frozen=True, slots=True)
class Doubt:
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
class Absence:
    """Args:
    gone: not there any more.
    back: marked as gone, and there again.
    """

    gone: Sequence[str] = ()
    back: Sequence[str] = ()
    doubts: tuple[Doubt, ...] = ()


def absence(
    found: Mapping[str, Found], known: Mapping[str, FileState], roots: Sequence[str], *, max_share: float
) -> Absence:
    """Args:
    found: by path.
    max_share: of a root's files; above it, and above `FEW`, there is doubt. 1 doubts nothing.
    """
    gone = [path for path in known.keys() - found.keys() if not known[path].gone and _is_gone(path)]
    back = [path for path, state in known.items() if state.gone and path in found and not _is_gone(path)]
    doubts: list[Doubt] = []
    if gone and max_share < 1:
        doubts = [doubt for root in roots if (doubt := _doubt(root, gone, known, max_share))]
    believed = [path for path in gone if not any(is_below(path, doubt.root) for doubt in doubts)]
    return Absence(sorted(believed), back, tuple(doubts))


def _doubt(root: str, gone: Sequence[str], known: Mapping[str, FileState], max_share: float) -> Doubt | None:
    lost = sum(is_below(path, root) for path in gone)
    if not lost:
        return None
    present = sum(not state.gone and is_below(path, root) for path, state in known.items())
    is_much = lost > FEW and lost > max_share * present
    return Doubt(root, lost, present) if is_much or _is_empty(root) else None


def _is_empty(root: str) -> bool:
    """A folder with nothing in it, as a place where a drive is mounted is without the drive."""
    try:
        with os.scandir(root) as entries:
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

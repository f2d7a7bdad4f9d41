"""Which files are missing after a scan: gone, moved, or excluded.

A drive that is not mounted looks like an emptied folder. If many files of a folder are gone at once, none is marked
until a person confirms it. Moved files do not count: their photo was found.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from db.engine import Store
from db.read.files import other_places
from db.read.folders import count_files, present_files, tagged_roots
from tagger.core.text import printable
from tagger.library.found_files import Comparison
from tagger.library.plan import Plan
from tagger.library.roots import StoredRoots, stored_roots
from tagger.library.scan import is_below
from tagger.library.selection import Globs, would_find

FEW = 20  # this many missing files are accepted in any folder


@dataclass(frozen=True, slots=True)
class SuspiciousDeletion:
    """A folder that lost too many files at once; none of them was marked as missing."""

    folder: str
    missing: int  # files that were not found
    total: int  # files in the folder at the last run

    def __str__(self) -> str:
        return (
            f"{self.missing:,} of the {self.total:,} known files in {printable(self.folder)} are gone, "
            "which looks like a drive that is not mounted: none of them was marked as gone. "
            "If they were deleted: tagger tag --accept-gone"
        )


@dataclass(frozen=True, slots=True)
class MissingFiles:
    """Which files to mark in the store."""

    gone: Sequence[str] = ()
    moved: Sequence[str] = ()  # the run found their content at a new path, or the files without the link before
    excluded: Sequence[str] = ()  # they exist, but a scan with these globs passes over them
    returned: Sequence[str] = ()  # files that were missing and are back
    suspicious: Sequence[SuspiciousDeletion] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run scanned."""

    roots: Sequence[str]
    globs: Globs
    began: datetime
    max_share: float  # of a folder's files may be missing; more than it and than `FEW` is suspicious. 1: all may be


def find_missing(store: Store, plan: Plan, scope: Scope) -> MissingFiles:
    """Sort the files that a scan did not find, after the results of what it found were stored."""
    deleted = set(filter(_is_gone, plan.deleted))  # the system said so, which leaves no doubt
    unfound = sorted(set(plan.unfound) - deleted)
    lost = [path for path in unfound if _is_gone(path)]
    elsewhere, moved = _found_elsewhere(store, plan, [*lost, *deleted])
    suspicious = [] if scope.max_share == 1 else list(_suspicious(store, lost, elsewhere, scope))
    folders = [deletion.folder for deletion in suspicious]
    believed = [path for path in lost if path in elsewhere or not _is_in(path, folders)]
    gone = sorted({*believed, *deleted} - moved)
    existing = sorted(set(unfound) - set(lost))
    excluded = _excluded(store, existing, scope)
    moved |= _linked(store, plan, set(existing) - set(excluded), scope)
    returned = [path for path in plan.returned if not _is_gone(path)]
    return MissingFiles(gone, sorted(moved), excluded, returned, tuple(suspicious))


def _found_elsewhere(store: Store, plan: Plan, lost: Sequence[str]) -> tuple[set[str], set[str]]:
    """The lost files whose content the scan found at another path, and those of them that this run moved there."""
    elsewhere: set[str] = set()
    moved: set[str] = set()
    if not lost:
        return elsewhere, moved
    returned = set(plan.returned)
    with store.read() as connection:
        for path, place in other_places(connection, lost):
            position = plan.found.position(os.fsencode(place))
            if position is not None:
                elsewhere.add(path)
                if plan.found[position] in (Comparison.NEW, Comparison.CHANGED, Comparison.LAST) or place in returned:
                    moved.add(path)
    return elsewhere, moved


def _excluded(store: Store, existing: Sequence[str], scope: Scope) -> list[str]:
    """The files that the globs exclude, and those that a scan skips and nobody tagged by name."""
    if not existing:
        return []
    with store.read() as connection:
        named = tagged_roots(connection)
    excluded = []
    for path in existing:
        roots = [root for root in scope.roots if is_below(path, root)]
        is_selected = any(scope.globs.selects(os.path.relpath(path, root)) for root in roots)
        others = [root for root in named if is_selected and (root == path or is_below(path, root))]
        if roots and not any(root == path or would_find(root, path, scope.globs) for root in (*roots, *others)):
            excluded.append(path)
    return excluded


def _linked(store: Store, plan: Plan, existing: Collection[str], scope: Scope) -> set[str]:
    """The files that are reached through a link, and listed at their own paths now."""
    linked: set[str] = set()
    if not existing:
        return linked
    with store.read() as connection:
        names = {os.path.realpath(root): root for root in scope.roots} | stored_roots(connection).names
        for path in existing:
            place = StoredRoots(names).name_of(os.path.realpath(path))
            if place is None or place == path:
                continue
            if plan.found.position(os.fsencode(place)) is not None or present_files(connection, place):
                linked.add(path)
    return linked


def _suspicious(
    store: Store, lost: Sequence[str], elsewhere: Collection[str], scope: Scope
) -> Iterator[SuspiciousDeletion]:
    roots = list(_suspicious_roots(store, [path for path in lost if path not in elsewhere], scope))
    yield from roots
    folders = [deletion.folder for deletion in roots]
    yield from (deletion for deletion in _emptied_folders(lost, elsewhere) if not _is_in(deletion.folder, folders))


def _suspicious_roots(store: Store, deleted: Sequence[str], scope: Scope) -> Iterator[SuspiciousDeletion]:
    if not deleted:
        return
    for root in scope.roots:
        if count := sum(is_below(path, root) for path in deleted):
            with store.read() as connection:
                total = count_files(connection, root, seen_before=scope.began)
            if count > max(FEW, scope.max_share * total) or _is_empty(root):
                yield SuspiciousDeletion(root, count, total)


def _emptied_folders(lost: Sequence[str], elsewhere: Collection[str]) -> Iterator[SuspiciousDeletion]:
    """Folders below a root that are now empty, as an unmounted drive's mount point is."""

    @cache
    def nearest_existing(folder: str) -> str:
        return folder if os.path.isdir(folder) else nearest_existing(os.path.dirname(folder))

    total: Counter[str] = Counter()
    deleted: Counter[str] = Counter()
    for path in lost:
        folder = nearest_existing(os.path.dirname(path))
        total[folder] += 1
        deleted[folder] += path not in elsewhere
    for folder in sorted(deleted):
        if deleted[folder] > FEW and _is_empty(folder):
            yield SuspiciousDeletion(folder, deleted[folder], total[folder])


def _is_in(path: str, folders: Sequence[str]) -> bool:
    return any(path == folder or is_below(path, folder) for folder in folders)


def _is_empty(folder: str) -> bool:
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    except OSError:
        return False


def _is_gone(path: str) -> bool:
    """Whether a file certainly does not exist; one in a closed folder or on a failing drive may."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)  # a folder that could not be listed before
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False

"""Which files are missing after a scan: gone, moved, or excluded.

A drive that is not mounted looks like an emptied folder. If many files of a folder are missing at once, none is marked
until a person confirms it. Moved files do not count: their photo was found.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING

from db.batching import in_batches
from db.engine import Store
from db.read.files import paths_of, photos_at
from db.read.folders import count_files, last_scan_ended, present_files, tagged_roots
from tagger.core.text import printable
from tagger.library.found_files import Comparison
from tagger.library.path_map import SAME_PATHS, PathMap
from tagger.library.plan import Plan
from tagger.library.roots import StoredRoots, stored_roots
from tagger.library.scan import is_below
from tagger.library.selection import Globs, would_find

if TYPE_CHECKING:
    from db.engine import Connection

FEW = 20  # this many missing files are accepted in any folder


@dataclass(frozen=True, slots=True)
class SuspiciousDeletion:
    """A folder that lost too many files at once; none of them was marked as gone."""

    folder: str
    missing: int  # files that were not found
    total: int  # files in the folder at the last run

    def __str__(self) -> str:
        return (
            f"{self.missing:,} of the {self.total:,} known files in {printable(self.folder)} are missing, "
            "which looks like a drive that is not mounted: none of them was marked as gone. "
            "If they were deleted: tagger tag --accept-gone"
        )


@dataclass(frozen=True, slots=True)
class MissingFiles:
    """Which files to mark in the store."""

    gone: Sequence[str] = ()
    moved: Sequence[str] = ()  # the run found their content at a new path, or the files without the link before
    excluded: Sequence[str] = ()  # they exist, but a scan with these globs leaves them out
    returned: Sequence[str] = ()  # files that were gone and are back
    suspicious: Sequence[SuspiciousDeletion] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run scanned."""

    roots: Sequence[str]
    globs: Globs
    began: datetime
    max_share: float  # of a folder's files may be missing; more than it and than `FEW` is suspicious. 1: all may be
    paths: PathMap = SAME_PATHS  # where the files of the store are on this machine


class Place(IntEnum):
    """Where the content of a file that no longer exists was found."""

    NOWHERE = 0
    ELSEWHERE = 1  # at a path that was known before
    NEW = 2  # at a path that is new, changed or back: the file was moved there


def find_missing(store: Store, plan: Plan, scope: Scope) -> MissingFiles:
    """Sort the files that a scan did not find, after the results of what it found were stored."""
    here = scope.paths.here
    reported = {path for path in plan.deleted if _is_gone(here(path))}  # the system reported it, which leaves no doubt
    lost, existing = sorted(reported), list[str]()
    for path in map(os.fsdecode, plan.unfound):
        if path not in reported:
            (lost if _is_gone(here(path)) else existing).append(path)
    places = _places(store, plan, lost, scope)
    doubted = ((path, place) for path, place in zip(lost, places, strict=True) if path not in reported)
    suspicious = () if scope.max_share == 1 else tuple(_suspicious(store, doubted, scope))
    folders = [deletion.folder for deletion in suspicious]
    gone = [
        path
        for path, place in zip(lost, places, strict=True)
        if place == Place.ELSEWHERE or (place == Place.NOWHERE and (path in reported or not _is_in(path, folders)))
    ]
    moved = [path for path, place in zip(lost, places, strict=True) if place == Place.NEW]
    excluded = _excluded(store, existing, scope)
    moved += _linked(store, plan, set(existing) - set(excluded), scope)
    returned = [path for path in plan.returned if not _is_gone(here(path))]
    return MissingFiles(gone, moved, excluded, returned, suspicious)


def _places(store: Store, plan: Plan, lost: Sequence[str], scope: Scope) -> bytearray:
    """The `Place` of each lost file.

    A path that is only known since the last complete scan is new: a run that was killed has stored it.
    """
    places = bytearray()
    returned = set(plan.returned) if lost else set()
    of_photo: dict[int, Place] = {}
    with store.read() as connection:
        known_at = {root: _last_scan_ended(connection, root) for root in scope.roots} if lost else {}
        for batch in in_batches(lost):
            photos = photos_at(connection, batch)
            new = set(photos.values()) - of_photo.keys()
            of_photo.update(dict.fromkeys(new, Place.NOWHERE))
            for photo, path, first_seen_at in paths_of(connection, new):
                ends = (end for root, end in known_at.items() if end and (path == root or is_below(path, root)))
                is_new = path in returned or any(first_seen_at > end for end in ends)
                of_photo[photo] = max(of_photo[photo], _place(plan, path, is_new=is_new))
            places.extend(of_photo.get(photos.get(path, 0), Place.NOWHERE) for path in batch)
    return places


def _last_scan_ended(connection: Connection, folder: str) -> datetime | None:
    return last_scan_ended(connection, lambda root: root == folder or is_below(folder, root))


def _place(plan: Plan, path: str, *, is_new: bool) -> Place:
    position = plan.found.position(os.fsencode(path))
    if position is None:
        return Place.NOWHERE
    is_new |= plan.found[position] in (Comparison.NEW, Comparison.CHANGED, Comparison.LAST)
    return Place.NEW if is_new else Place.ELSEWHERE


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


def _linked(store: Store, plan: Plan, existing: Collection[str], scope: Scope) -> list[str]:
    """The files that are reached through a link, and listed at their own paths now."""
    linked: list[str] = []
    if not existing:
        return linked
    with store.read() as connection:
        names = {os.path.realpath(root): root for root in scope.roots} | stored_roots(connection).names
        for path in sorted(existing):
            place = StoredRoots(names).name_of(os.path.realpath(path))
            if place is None or place == path:
                continue
            if plan.found.position(os.fsencode(place)) is not None or present_files(connection, place):
                linked.append(path)
    return linked


Lost = Iterable[tuple[str, int]]  # paths, each with its `Place`


def _suspicious(store: Store, lost: Lost, scope: Scope) -> Iterator[SuspiciousDeletion]:
    nowhere: list[str] = []
    emptied = list(_emptied_folders(lost, nowhere, scope.paths))
    roots = list(_suspicious_roots(store, nowhere, scope))
    yield from roots
    folders = [deletion.folder for deletion in roots]
    yield from (deletion for deletion in emptied if not _is_in(deletion.folder, folders))


def _suspicious_roots(store: Store, deleted: Sequence[str], scope: Scope) -> Iterator[SuspiciousDeletion]:
    if not deleted:
        return
    for root in scope.roots:
        if count := sum(is_below(path, root) for path in deleted):
            with store.read() as connection:
                total = count_files(connection, root, seen_before=scope.began)
            if count > max(FEW, scope.max_share * total) or _is_empty(scope.paths.here(root)):
                yield SuspiciousDeletion(root, count, total)


def _emptied_folders(lost: Lost, nowhere: list[str], paths: PathMap) -> Iterator[SuspiciousDeletion]:
    """Folders below a root that are now empty, as an unmounted drive's mount point is.

    Args:
        lost: consumed.
        nowhere: gets those whose content was not found.
        paths: where the files of the store are on this machine.
    """

    @cache
    def nearest_existing(folder: str) -> str:
        return folder if os.path.isdir(paths.here(folder)) else nearest_existing(os.path.dirname(folder))

    total: Counter[str] = Counter()
    deleted: Counter[str] = Counter()
    for path, place in lost:
        folder = nearest_existing(os.path.dirname(path))
        total[folder] += 1
        if place == Place.NOWHERE:
            deleted[folder] += 1
            nowhere.append(path)
    for folder in sorted(deleted):
        if deleted[folder] > FEW and _is_empty(paths.here(folder)):
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
    """Whether a file certainly does not exist; one in an unreadable folder or on a failing drive may."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)  # a folder that could not be listed before
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False

"""Compare a scan with the store: what a run does with each file, and which files are missing.

A file on which an earlier run died is tried last and alone, so that a second death identifies it.

A drive that is not mounted looks like an emptied folder. If many files of a folder are missing at once, none is marked
as missing until a person confirms it. Moved files do not count: their photo was found.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from db.engine import Store
from db.read.files import other_places
from db.read.rows import FileState
from tagger.core.run_options import RunOptions
from tagger.core.text import printable
from tagger.core.types import FoundFile
from tagger.library.scan import is_below

MIN_DEATHS = 2  # the first death happens among many files; only from the second on was the file alone in progress
FEW = 20  # this many missing files are accepted in any folder


@dataclass(slots=True)
class Plan:
    """The files of a scan, sorted by what happens to them."""

    todo: list[FoundFile] = field(default_factory=list)  # new, changed, or failed before and due again
    suspects: list[FoundFile] = field(default_factory=list)  # in progress when runs died, the fewest deaths first
    given_up: list[tuple[FoundFile, int]] = field(default_factory=list)  # after too many deaths, not tried again
    set_aside: int = 0  # number of files that failed and are not due yet, or in quarantine
    unchanged: int = 0  # number of unchanged files
    superseded: list[str] = field(default_factory=list)  # unchanged ones whose photo shows another model's answer
    without_ctime: list[FoundFile] = field(default_factory=list)  # unchanged ones that the store has no ctime of

    @property
    def photos(self) -> int:
        """The number of photos to tag."""
        return len(self.todo) + len(self.suspects)


def make_plan(
    found: Mapping[str, FoundFile],
    stored: Mapping[str, FileState],
    abandoned_files: Mapping[str, int],
    options: RunOptions,
) -> Plan:
    """Decide about every file.

    Args:
        found: the scan, by path and in its order.
        stored: the state in the store, by path.
        abandoned_files: files that were in progress when runs died, with the number of deaths.
        options: of this run.
    """
    plan = Plan()
    max_deaths = max(MIN_DEATHS, options.max_attempts)
    for path, item in found.items():
        state = stored.get(path)
        if state is not None and state.matches(item):
            is_answered = state.is_assessed and not state.failed and item.size_bytes is not None
            if is_answered and not options.reread:
                plan.unchanged += 1
                if state.is_superseded:
                    plan.superseded.append(path)
                if state.ctime_ns is None and item.ctime_ns is not None:
                    plan.without_ctime.append(item)
                continue
            if state.in_backoff and not options.retry_failed:
                plan.set_aside += 1
                continue
        if options.skip_new and (state is None or state.failed):
            continue
        deaths = abandoned_files.get(path)
        if deaths is None:
            plan.todo.append(item)
        elif deaths >= max_deaths and not options.retry_failed:
            plan.given_up.append((item, deaths))
        else:
            plan.suspects.append(item)
    plan.suspects.sort(key=lambda item: abandoned_files[item.path])
    return plan


def vanished(abandoned_files: Iterable[str], found: Mapping[str, FoundFile], roots: Sequence[str]) -> list[str]:
    """The files below these roots that were in progress when a run died, and no longer exist."""
    return sorted(path for path in abandoned_files if path not in found and any(is_below(path, root) for root in roots))


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

    gone: Sequence[str] = ()  # files to mark as missing
    returned: Sequence[str] = ()  # files that were missing and are back
    suspicious: Sequence[SuspiciousDeletion] = ()


def find_missing(
    store: Store,
    found: Mapping[str, FoundFile],
    stored: Mapping[str, FileState],
    roots: Sequence[str],
    *,
    max_share: float,
) -> MissingFiles:
    """Compare the store with a scan, after the scan's results were stored.

    Args:
        found: the scan, by path.
        stored: the files of these roots, by path.
        max_share: the share of a folder's files that may be missing; more (and more than `FEW` files) is suspicious.
            1 accepts every deletion.
    """
    missing = sorted(path for path in stored.keys() - found.keys() if not stored[path].missing and _is_gone(path))
    returned = [path for path, state in stored.items() if state.missing and path in found and not _is_gone(path)]
    if not missing or max_share == 1:
        return MissingFiles(missing, returned)
    with store.read() as connection:
        moved = {path for path, place in other_places(connection, missing) if place in found}
    deleted = [path for path in missing if path not in moved]
    suspicious = list(_suspicious_roots(deleted, stored, roots, max_share))
    suspicious_roots = [deletion.folder for deletion in suspicious]
    suspicious += [
        deletion for deletion in _emptied_folders(missing, moved) if not _is_in(deletion.folder, suspicious_roots)
    ]
    folders = [deletion.folder for deletion in suspicious]
    gone = [path for path in missing if path in moved or not _is_in(path, folders)]
    return MissingFiles(gone, returned, tuple(suspicious))


def _suspicious_roots(
    deleted: Collection[str], stored: Mapping[str, FileState], roots: Sequence[str], max_share: float
) -> Iterator[SuspiciousDeletion]:
    for root in roots:
        if count := sum(is_below(path, root) for path in deleted):
            total = sum(not state.missing and is_below(path, root) for path, state in stored.items())
            if count > max(FEW, max_share * total) or _is_empty(root):
                yield SuspiciousDeletion(root, count, total)


def _emptied_folders(missing: Sequence[str], moved: Collection[str]) -> Iterator[SuspiciousDeletion]:
    """Folders below a root that are now empty, as an unmounted drive's mount point is."""

    @cache
    def nearest_existing(folder: str) -> str:
        return folder if os.path.isdir(folder) else nearest_existing(os.path.dirname(folder))

    total: Counter[str] = Counter()
    deleted: Counter[str] = Counter()
    for path in missing:
        folder = nearest_existing(os.path.dirname(path))
        total[folder] += 1
        deleted[folder] += path not in moved
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

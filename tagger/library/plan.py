"""Compare a scan with the store: what a run does with each file, and which files it did not find.

A file that was in progress when a run died is tried last and alone, so that a second death identifies it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from db.read.rows import FailedState, FileState
from tagger.core.run_options import RunOptions
from tagger.core.types import FoundFile
from tagger.library.found_files import AS_STORED, TO_TAG, Comparison, FoundFiles, PackedNames
from tagger.library.scan import is_below

MIN_DEATHS = 2  # the first death happens among many files; only from the second on was the file alone in progress


@dataclass(slots=True)
class Plan:
    """What a run does with the files of a scan."""

    found: FoundFiles
    suspects: list[FoundFile] = field(default_factory=list)  # in progress when runs died, the fewest deaths first
    given_up: list[tuple[FoundFile, int]] = field(default_factory=list)  # not tried again after too many deaths
    unfound: PackedNames = field(default_factory=PackedNames)  # paths stored as present, but not in the scan
    deleted: list[str] = field(default_factory=list)  # stored as present where the system reported a deletion
    returned: list[str] = field(default_factory=list)  # stored as gone, but in the scan
    answered: int = 0  # files that have a result by this run already, under another leader

    @property
    def todo(self) -> Iterator[FoundFile]:
        """The files that are new, changed, or failed before and due again."""
        return (file for file, _ in self.found.items(*TO_TAG))

    @property
    def without_ctime(self) -> Iterator[FoundFile]:
        """The unchanged files whose ctime the store lacks."""
        return (file for file, _ in self.found.items(Comparison.WITHOUT_CTIME) if file.ctime_ns is not None)

    @property
    def superseded(self) -> Iterator[str]:
        """The paths of unchanged files whose photo shows another model's answer."""
        return (file.path for file, _ in self.found.items(Comparison.SUPERSEDED))

    @property
    def photos(self) -> int:
        """The number of photos to tag."""
        return self.found.count(*TO_TAG) + len(self.suspects)

    @property
    def set_aside(self) -> int:
        """The number of files that failed and are not due yet, or in quarantine."""
        return self.found.count(Comparison.SET_ASIDE)

    @property
    def unchanged(self) -> int:
        """The number of unchanged files."""
        return max(self.found.count(*AS_STORED) - self.answered, 0)


def make_plan(
    found: FoundFiles,
    stored: Iterable[FileState],
    failed: Iterable[FailedState],
    abandoned_files: Mapping[str, int],
    options: RunOptions,
) -> Plan:
    """Decide about every file.

    Args:
        found: the scan.
        stored: the state of all files that the store has in these folders; consumed first.
        failed: the state of those that failed when last tried; may hold others.
        abandoned_files: files that were in progress when runs died, with the number of deaths.
        options: of this run.
    """
    plan = Plan(found)
    _compare_stored(plan, stored, options)
    _compare_failed(found, failed, options)
    if options.skip_new:
        found.replace(Comparison.NEW, Comparison.LEFT)
    _set_suspects_apart(plan, abandoned_files, max(MIN_DEATHS, options.max_attempts), options)
    return plan


def _compare_stored(plan: Plan, stored: Iterable[FileState], options: RunOptions) -> None:
    found = plan.found
    for state in stored:
        position = found.position(state.path)
        if position is None:
            if not state.missing:
                plan.unfound.append(state.path)
            continue
        if state.missing:
            plan.returned.append(os.fsdecode(state.path))
        if not found.matches(position, state):
            found[position] = Comparison.CHANGED
        elif options.reread or not state.is_assessed or state.size_bytes is None:
            found[position] = Comparison.UNANSWERED
        elif state.is_superseded:
            found[position] = Comparison.SUPERSEDED
        else:
            found[position] = Comparison.WITHOUT_CTIME if state.ctime_ns is None else Comparison.UNCHANGED


def _compare_failed(found: FoundFiles, failed: Iterable[FailedState], options: RunOptions) -> None:
    for state in failed:
        position = found.position(state.path)
        if position is None:
            continue
        if state.in_backoff and not options.retry_failed and found.matches(position, state):
            found[position] = Comparison.SET_ASIDE
        else:
            found[position] = Comparison.LEFT if options.skip_new else Comparison.UNANSWERED


def _set_suspects_apart(plan: Plan, abandoned_files: Mapping[str, int], max_deaths: int, options: RunOptions) -> None:
    for path, deaths in abandoned_files.items():
        position = plan.found.position(os.fsencode(path))
        if position is None or plan.found[position] not in TO_TAG:
            continue
        file = plan.found.file(os.fsencode(path), position)
        plan.found[position] = Comparison.LAST
        if deaths >= max_deaths and not options.retry_failed:
            plan.given_up.append((file, deaths))
        else:
            plan.suspects.append(file)
    plan.suspects.sort(key=lambda file: abandoned_files[file.path])


def vanished(abandoned_files: Iterable[str], found: FoundFiles, roots: Sequence[str]) -> list[str]:
    """The files below these roots that were in progress when a run died, and no longer exist."""
    lost = (path for path in abandoned_files if found.position(os.fsencode(path)) is None)
    return sorted(path for path in lost if any(is_below(path, root) for root in roots))

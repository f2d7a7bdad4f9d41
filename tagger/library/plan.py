"""What a run does with each file that the scan found.

The one rule: a file on which an earlier run died is tried last and alone, so that a second death names its cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from db.read.rows import FileState
from tagger.core.run_options import RunOptions
from tagger.core.types import FoundFile
from tagger.library.scan import is_below

MIN_DEATHS = 2  # the first death happens among many files; only from the second on was the file alone in progress


@dataclass(slots=True)
class Plan:
    """The files of a scan, sorted by what happens to them.

    Args:
        todo: new, changed, or failed before and due again.
        suspects: in progress when a run died, those with the fewest deaths first.
        given_up: in progress during so many deaths that they go to quarantine untried, each with its deaths.
        set_aside: how many failed before and are not due yet, or are in quarantine.
        unchanged: how many are as the store knows them.
    """

    todo: list[FoundFile] = field(default_factory=list)
    suspects: list[FoundFile] = field(default_factory=list)
    given_up: list[tuple[FoundFile, int]] = field(default_factory=list)
    set_aside: int = 0
    unchanged: int = 0

    @property
    def photos(self) -> int:
        """How many photos are going to be tagged."""
        return len(self.todo) + len(self.suspects)


def make_plan(
    found: Mapping[str, FoundFile], stored: Mapping[str, FileState], left_behind: Mapping[str, int], options: RunOptions
) -> Plan:
    """Decide about every file.

    Args:
        found: the scan, by path and in its order.
        stored: what the store knows, by path.
        left_behind: files that were in progress when a run died, and in how many deaths.
        options: of this run.
    """
    plan = Plan()
    max_deaths = max(MIN_DEATHS, options.max_attempts)
    for path, item in found.items():
        state = stored.get(path)
        if state is not None and (state.size_bytes, state.mtime_ns) == (item.size_bytes, item.mtime_ns):
            if state.is_assessed and not state.failed and item.size_bytes is not None:
                plan.unchanged += 1
                continue
            if state.in_backoff and not options.retry_failed:
                plan.set_aside += 1
                continue
        if options.skip_new and (state is None or state.failed):
            continue
        deaths = left_behind.get(path)
        if deaths is None:
            plan.todo.append(item)
        elif deaths >= max_deaths and not options.retry_failed:
            plan.given_up.append((item, deaths))
        else:
            plan.suspects.append(item)
    plan.suspects.sort(key=lambda item: left_behind[item.path])
    return plan


def vanished(left_behind: Iterable[str], found: Mapping[str, FoundFile], roots: Sequence[str]) -> list[str]:
    """The files below these roots that were in progress when a run died, and no longer exist."""
    return sorted(path for path in left_behind if path not in found and any(is_below(path, root) for root in roots))

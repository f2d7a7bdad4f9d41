"""What a run does with each file that the scan found.

The one rule: a file on which an earlier run died is tried last and alone. If the process dies again, it is known why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from db.rows import FileState
from tagger.core.run_options import RunOptions
from tagger.core.types import FoundFile
from tagger.library.scan import is_below

LEAST_DEATHS = 2  # the first happens among many files, only the later ones while a file is alone in work


@dataclass(slots=True)
class Plan:
    """Args:
    todo: new or changed, or failed and due again.
    suspects: in work when a run died; those that are less so first.
    given_up: so often in work when a run died that they go to quarantine, untried, with that number.
    set_aside: how many failed and are not due yet, or are in quarantine.
    unchanged: how many are as the store knows them.
    """

    todo: list[FoundFile] = field(default_factory=list)
    suspects: list[FoundFile] = field(default_factory=list)
    given_up: list[tuple[FoundFile, int]] = field(default_factory=list)
    set_aside: int = 0
    unchanged: int = 0

    @property
    def looks_at(self) -> int:
        return len(self.todo) + len(self.suspects)


def make_plan(
    found: Mapping[str, FoundFile], known: Mapping[str, FileState], left_behind: Mapping[str, int], options: RunOptions
) -> Plan:
    """Args:
    found: by path, in the order of the scan.
    left_behind: files that were in work when a run died, and how often that was so.
    """
    plan = Plan()
    deaths = max(LEAST_DEATHS, options.max_attempts)
    for path, item in found.items():
        state = known.get(path)
        if state is not None and (state.size_bytes, state.mtime_ns) == (item.size_bytes, item.mtime_ns):
            if state.is_assessed and not state.failed and item.size_bytes is not None:
                plan.unchanged += 1
                continue
            if state.rests and not options.retry_failed:
                plan.set_aside += 1
                continue
        if options.skip_new and (state is None or state.failed):
            continue
        attempts = left_behind.get(path)
        if attempts is None:
            plan.todo.append(item)
        elif attempts >= deaths and not options.retry_failed:
            plan.given_up.append((item, attempts))
        else:
            plan.suspects.append(item)
    plan.suspects.sort(key=lambda item: left_behind[item.path])
    return plan


def vanished(left_behind: Iterable[str], found: Mapping[str, FoundFile], roots: Sequence[str]) -> list[str]:
    """The files that were in work when a run died, and that a scan of these roots did not find."""
    return sorted(path for path in left_behind if path not in found and any(is_below(path, root) for root in roots))

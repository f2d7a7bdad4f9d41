"""What a run learns on its way: for its report, and for whoever started it."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from db.rows import RunCounts, RunStatus
from tagger.core.text import printable
from tagger.core.timings import StageTimings
from tagger.core.types import Failed, Result
from tagger.library.missing import SuspiciousDeletion

MOST_SLOW = 10
MOST_NAMED = 200  # failed or quarantined files in a report; `tagger query --failed` lists all


@dataclass(frozen=True, slots=True, order=True)
class SlowPhoto:
    """A photo that took long.

    Args:
        seconds: to read and decode it.
    """

    seconds: float
    path: str


@dataclass(frozen=True, slots=True)
class FailedPhoto:
    """A photo that could not be read, and why."""

    path: str
    kind: str
    message: str


@dataclass(slots=True)
class RunState:
    """How a run goes, and how it went once it has ended. It stays small however many photos there are.

    Args:
        run_id: 0 until the run is stored.
        counter: what `counts` is made of, by name.
        seconds: wall clock, the scan included; set at the end.
        missing_roots: roots that do not exist.
        suspicious_deletions: roots that lost so many files that none was marked as gone.
        suspects: files that were tagged alone because an earlier run died while it worked on them.
        given_up: files that went to quarantine because several runs died while they worked on them.
        failures: failed files by kind.
        failed: the first of them.
        slowest: a heap.
        voted: unsure photos that their neighbours made tagged, whichever run looked at them.
    """

    run_id: int = 0
    status: RunStatus = "running"
    counter: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    roots: Sequence[str] = ()
    missing_roots: Sequence[str] = ()
    suspicious_deletions: Sequence[SuspiciousDeletion] = ()
    suspects: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    stages: StageTimings = field(default_factory=StageTimings)
    failures: Counter[str] = field(default_factory=Counter)
    failed: list[FailedPhoto] = field(default_factory=list)
    slowest: list[SlowPhoto] = field(default_factory=list)
    voted: int = 0

    @property
    def counts(self) -> RunCounts:
        return RunCounts(**{name: self.counter[name] for name in RunCounts.__dataclass_fields__})

    @property
    def processed(self) -> int:
        """Photos that were new or changed, and got an answer."""
        return sum(self.counter[status] for status in ("tagged", "none", "failed")) - len(self.given_up)

    def add(self, result: Result) -> None:
        """Count a result, and remember it if it failed or took long."""
        self.counter[result.answer.status] += 1
        self.counter["inherited"] += result.is_inherited
        path, answer = printable(result.path), result.answer
        if isinstance(answer, Failed):
            self.failures[answer.kind] += 1
            if len(self.failed) < MOST_NAMED:
                self.failed.append(FailedPhoto(path, answer.kind, answer.message))
        push = heapq.heappush if len(self.slowest) < MOST_SLOW else heapq.heappushpop
        push(self.slowest, SlowPhoto(round(result.seconds, 3), path))

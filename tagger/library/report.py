"""The state of a run, and its stored report: counts, seconds by stage, problems.

The one rule: a report is written however the run ended, and an error in it does not fail the run.
"""

from __future__ import annotations

import heapq
import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from db.engine import Store
from db.read import catalog
from db.read.run_report import landmarks_of, quarantined_by
from db.read.workers import workers_of
from db.rows import RunCounts, RunStatus
from db.write.runs import save_report
from tagger.core.errors import StoreError
from tagger.core.problems import describe
from tagger.core.text import printable
from tagger.core.timings import StageTimings
from tagger.core.types import Failed, Result
from tagger.library.missing import SuspiciousDeletion

log = logging.getLogger(__name__)

VERSION = 1  # of the JSON
MOST_SLOW = 10
MOST_SUFFIXES = 12
MOST_ALIKE = 3  # failed files of one kind and suffix that are logged one by one; more are summed up
MOST_NAMED = 200  # failed or quarantined files in a report; `tagger query --failed` lists all


@dataclass(frozen=True, slots=True, order=True)
class SlowPhoto:
    """A photo that took long."""

    seconds: float  # to read and decode it
    path: str


@dataclass(frozen=True, slots=True)
class FailedPhoto:
    """A photo that could not be read, and why."""

    path: str
    kind: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message} ({self.kind})"


@dataclass(slots=True)
class AlikeFailures:
    """The failed files of one kind and suffix."""

    count: int = 0
    first: list[FailedPhoto] = field(default_factory=list)  # up to `MOST_ALIKE`


@dataclass(slots=True)
class RunState:
    """The state of a run, and its result once it has ended; small however many photos there are."""

    run_id: int = 0  # until the run is stored
    status: RunStatus = "running"
    counter: Counter[str] = field(default_factory=Counter)  # the values of `counts`, by name
    seconds: float = 0.0  # wall clock, the scan included; set at the end
    roots: Sequence[str] = ()
    missing_roots: Sequence[str] = ()
    suspicious_deletions: Sequence[SuspiciousDeletion] = ()
    suspects: list[str] = field(default_factory=list)  # tagged alone, because a run died with them in progress
    given_up: list[str] = field(default_factory=list)  # in quarantine, because several runs died
    stages: StageTimings = field(default_factory=StageTimings)
    passed_over: Counter[str] = field(default_factory=Counter)  # files without a photo's suffix, by suffix
    failures: Counter[str] = field(default_factory=Counter)  # by kind
    failed: list[FailedPhoto] = field(default_factory=list)  # the first of them
    alike: dict[tuple[str, str], AlikeFailures] = field(default_factory=dict)  # by kind and suffix
    slowest: list[SlowPhoto] = field(default_factory=list)  # a heap
    voted: int = 0  # photos that got a tag by votes, of any run
    restored: int = 0  # unchanged files whose photo shows this model's answer again instead of another's

    @property
    def counts(self) -> RunCounts:
        return self.counts_with(())

    def counts_with(self, results: Iterable[Result]) -> RunCounts:
        """The counts once further results are added."""
        counter = self.counter.copy()
        for result in results:
            _count(counter, result)
        return RunCounts(**{name: counter[name] for name in RunCounts.__dataclass_fields__})

    @property
    def processed(self) -> int:
        """The number of new or changed photos with an answer."""
        return sum(self.counter[status] for status in ("tagged", "none", "failed")) - len(self.given_up)

    def add(self, result: Result) -> None:
        """Count a stored result, and keep it if it failed or took long."""
        _count(self.counter, result)
        path, answer = printable(result.path), result.answer
        if isinstance(answer, Failed):
            self._add_failure(FailedPhoto(path, answer.kind, answer.message))
        push = heapq.heappush if len(self.slowest) < MOST_SLOW else heapq.heappushpop
        push(self.slowest, SlowPhoto(round(result.seconds, 3), path))

    def failure_lines(self) -> Iterator[str]:
        """A line for each failed file, or one for many of the same kind and suffix."""
        for (kind, suffix), alike in self.alike.items():
            if alike.count <= MOST_ALIKE:
                yield from map(str, alike.first)
            else:
                photo = alike.first[0]
                yield f"{alike.count:,} {suffix}: {photo.message} ({kind}), first {photo.path}"

    def _add_failure(self, photo: FailedPhoto) -> None:
        self.failures[photo.kind] += 1
        if len(self.failed) < MOST_NAMED:
            self.failed.append(photo)
        suffix = os.path.splitext(photo.path)[1].lower() or "without a suffix"
        alike = self.alike.setdefault((photo.kind, suffix), AlikeFailures())
        alike.count += 1
        if len(alike.first) < MOST_ALIKE:
            alike.first.append(photo)


def _count(counter: Counter[str], result: Result) -> None:
    counter[result.answer.status] += 1
    counter["inherited"] += result.is_inherited


@dataclass(frozen=True, slots=True)
class RunReport:
    """A run's report; its fields are JSON values."""

    run: int = 0
    job: str = ""
    status: str = ""
    error: str | None = None
    alerts: Sequence[str] = ()  # problems to look into: missing folders, a model that got worse
    started_at: str = ""
    finished_at: str | None = None
    seconds: float = 0.0  # wall clock
    photos_per_s: float | None = None  # None if no photo was processed, or a batch did it
    counts: Mapping[str, int] = field(default_factory=dict)
    passed_over: Mapping[str, int] = field(default_factory=dict)  # files that are not photos, by suffix, most first
    failures: Mapping[str, int] = field(default_factory=dict)  # how many by kind
    stages: Mapping[str, float] = field(default_factory=dict)  # seconds; engine and decoders run concurrently
    landmarks: Sequence[Mapping[str, Any]] = ()  # the most frequent first; `is_new`: in no earlier run
    slowest: Sequence[Mapping[str, Any]] = ()  # slowest first
    failed: Sequence[Mapping[str, Any]] = ()  # the first failed files
    quarantined: Sequence[str] = ()  # the first by name; `in_quarantine` is their number
    suspects: Sequence[str] = ()  # tagged alone, because a run died with them in progress
    roots: Sequence[str] = ()
    model: Mapping[str, str] = field(default_factory=dict)
    engine: Mapping[str, str] = field(default_factory=dict)
    k: int = 0
    settings_hash: str | None = None
    tagger_version: str = ""
    in_quarantine: int = 0
    voted: int = 0  # photos that got a tag by votes; of any run, so not in `counts`
    workers: Sequence[Mapping[str, Any]] = ()  # of a run that several shared
    version: int = VERSION

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read a stored report of any version: unknown fields are ignored, missing ones get their defaults."""
        values = {name: stored[name] for name in cls.__dataclass_fields__ if name in stored}
        return cls(**values | {"counts": asdict(RunCounts()) | values.get("counts", {})})


def missing_text(counts: RunCounts) -> str:
    """How many files are no longer listed: ``3 gone, 25 moved, 2 excluded``; the last two only if there are any."""
    others = {"moved": counts.moved, "excluded": counts.excluded}
    return ", ".join([f"{counts.gone:,} gone", *(f"{count:,} {word}" for word, count in others.items() if count)])


def passed_over_text(passed_over: Mapping[str, int]) -> str:
    """How many files were passed over: ``12 .cr2, 3 .mov``, the most frequent suffixes first."""
    return ", ".join(f"{count:,} {suffix}" for suffix, count in Counter(passed_over).most_common(MOST_SUFFIXES))


def write(store: Store, state: RunState) -> None:
    """Store the report of an ended run; an error is only logged."""
    try:
        report = asdict(make(store, state))
        with store.write() as connection:
            save_report(connection, state.run_id, report)
    except StoreError as error:
        log.error("The report of run %d could not be stored: %s", state.run_id, error)
    except Exception as error:  # the run has ended, and its end is stored
        log.error("The report of run %d could not be written: %s", state.run_id, describe(error))
        log.debug("Where the report failed", exc_info=True)


def make(store: Store, state: RunState) -> RunReport:
    with store.read() as connection:
        row = catalog.run(connection, state.run_id)
        canary = catalog.last_starts(connection).get("canary")
        landmarks = landmarks_of(connection, row.id)
        quarantined = quarantined_by(connection, row.id)
        workers = workers_of(connection, row.id)
    alerts = [f"{printable(root)} does not exist" for root in state.missing_roots]
    alerts += map(str, state.suspicious_deletions)
    if canary is not None and canary.status == "failed" and canary.message:
        alerts.append(canary.message)
    return RunReport(
        run=row.id,
        job=row.start.job,
        status=row.status,
        error=row.error,
        alerts=alerts,
        started_at=row.started_at.isoformat(),
        finished_at=row.finished_at.isoformat() if row.finished_at else None,
        seconds=round(state.seconds, 3),
        photos_per_s=round(state.processed / state.seconds, 2) if state.processed and state.seconds else None,
        counts=asdict(row.counts),
        passed_over=dict(state.passed_over.most_common(MOST_SUFFIXES)),
        failures=dict(sorted(state.failures.items())),
        stages=state.stages.seconds(),
        landmarks=[asdict(landmark) for landmark in landmarks],
        slowest=[asdict(photo) for photo in sorted(state.slowest, reverse=True)],
        failed=[asdict(photo) for photo in state.failed],
        quarantined=[printable(path) for path in quarantined[:MOST_NAMED]],
        in_quarantine=len(quarantined),
        voted=state.voted,
        suspects=[printable(path) for path in state.suspects],
        roots=list(row.start.roots),
        model={"name": row.model_name, "version": row.model_version, "id": row.model_id},
        engine={name: getattr(row.start, name) for name in ("engine", "device", "precision", "reason")},
        k=row.start.k,
        settings_hash=row.start.settings_hash,
        tagger_version=row.start.tagger_version,
        workers=[asdict(worker) | {"started_at": worker.started_at.isoformat()} for worker in workers],
    )

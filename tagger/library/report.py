"""What a run did, as a value that is kept with it: counts, where the time went, what is new and what is wrong.

The one rule: a report is written however the run ended, and nothing that goes wrong in writing it ends a run.
"""

from __future__ import annotations

import heapq
import logging
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from db.engine import Store
from db.read import catalog
from db.read.run_report import landmarks_of, quarantined_by
from db.write.jobs import last_starts
from db.write.runs import save_report
from tagger.core.errors import StoreError
from tagger.core.text import printable
from tagger.core.timings import StageTimings
from tagger.core.types import Failed, Result

if TYPE_CHECKING:
    from db.rows import RunRow
    from tagger.library.summary import Summary

log = logging.getLogger(__name__)

VERSION = 1  # of the JSON
MOST_SLOW = 10
MOST_NAMED = 200  # files that failed, or are in quarantine; the rest is in `tagger query --failed`


@dataclass(frozen=True, slots=True, order=True)
class Slow:
    """Args:
    seconds: to read and decode it.
    """

    seconds: float
    path: str


@dataclass(frozen=True, slots=True)
class Failure:
    path: str
    kind: str
    message: str


@dataclass(slots=True)
class Notes:
    """What a report needs of each result, taken while the run works; bounded, however many there are."""

    stages: StageTimings = field(default_factory=StageTimings)
    kinds: dict[str, int] = field(default_factory=dict)
    failed: list[Failure] = field(default_factory=list)
    slow: list[Slow] = field(default_factory=list)
    voted: int = 0

    def take(self, result: Result) -> None:
        path, answer = printable(result.path), result.answer
        if isinstance(answer, Failed):
            self.kinds[answer.kind] = self.kinds.get(answer.kind, 0) + 1
            if len(self.failed) < MOST_NAMED:
                self.failed.append(Failure(path, answer.kind, answer.message))
        push = heapq.heappush if len(self.slow) < MOST_SLOW else heapq.heappushpop
        push(self.slow, Slow(round(result.seconds, 3), path))


@dataclass(frozen=True, slots=True)
class Report:
    """One run.

    Args:
        alerts: what somebody should look at: missing folders, doubts about gone files, a model that got worse.
        seconds: wall clock.
        photos_per_s: None where nothing was looked at.
        stages: seconds by stage; the engine works beside the decoders, so they may add up to more.
        failures: how many by kind.
        landmarks: found by this run, the most frequent first; `is_new` where no earlier run found it.
        slowest: slowest first.
        quarantined: the first of them by name; `in_quarantine` is how many.
        suspects: files that were tried alone, since an earlier run had died with them in work.
        voted: unsure photos that the photos before and after made tagged; of any run, and so in no count.
    """

    run: int
    job: str
    status: str
    error: str | None
    alerts: list[str]
    started_at: str
    finished_at: str | None
    seconds: float
    photos_per_s: float | None
    counts: dict[str, int]
    failures: dict[str, int]
    stages: dict[str, float]
    landmarks: list[dict[str, Any]]
    slowest: list[dict[str, Any]]
    failed: list[dict[str, Any]]
    quarantined: list[str]
    suspects: list[str]
    roots: list[str]
    model: dict[str, str]
    engine: dict[str, str]
    k: int
    settings_hash: str | None
    tagger_version: str
    in_quarantine: int = 0
    voted: int = 0
    version: int = VERSION


def write(store: Store, summary: Summary, notes: Notes) -> Report | None:
    """Make a run's report and keep it with the run; None, and a line in the log, where that cannot be done."""
    try:
        report = make(store, summary, notes)
        with store.write() as connection:
            save_report(connection, summary.run_id, asdict(report))
        return report
    except StoreError as error:
        log.error("The report of run %d could not be stored: %s", summary.run_id, error)
        return None
    except Exception:  # the run itself is over, and how it ended is stored
        log.exception("The report of run %d could not be written", summary.run_id)
        return None


def make(store: Store, summary: Summary, notes: Notes) -> Report:
    with store.read() as connection:
        row = catalog.run(connection, summary.run_id)
        found = landmarks_of(connection, row.id)
        quarantined = quarantined_by(connection, row.id)
        canary = last_starts(connection).get("canary")
    alerts = [f"{printable(root)} is not there" for root in summary.missing] + list(map(str, summary.doubts))
    if canary is not None and canary.status == "failed" and canary.message:
        alerts.append(canary.message)
    return Report(
        **_ending(row),
        alerts=alerts,
        seconds=round(summary.seconds, 3),
        photos_per_s=round(summary.looked_at / summary.seconds, 2) if summary.looked_at else None,
        counts=asdict(row.counts),
        failures=dict(sorted(notes.kinds.items())),
        stages={str(stage): spent for stage, spent in notes.stages.seconds().items()},
        landmarks=[asdict(each) for each in found],
        slowest=[asdict(each) for each in sorted(notes.slow, reverse=True)],
        failed=[asdict(each) for each in notes.failed],
        quarantined=[printable(path) for path in quarantined[:MOST_NAMED]],
        in_quarantine=len(quarantined),
        voted=notes.voted,
        suspects=[printable(path) for path in summary.suspects],
        roots=list(row.start.roots),
        model={"name": row.model_name, "version": row.model_version, "id": row.model_id},
        engine={name: getattr(row.start, name) for name in ("engine", "device", "precision", "reason")},
        k=row.start.k,
        settings_hash=row.start.settings_hash,
        tagger_version=row.start.tagger_version,
    )


def _ending(row: RunRow) -> dict[str, Any]:
    finished = row.finished_at.isoformat() if row.finished_at else None
    return {
        "run": row.id,
        "job": row.start.job,
        "status": row.status,
        "error": row.error,
        "started_at": row.started_at.isoformat(),
        "finished_at": finished,
    }


def from_json(stored: dict[str, Any]) -> Report:
    """A report that an earlier run kept."""
    return Report(**stored)

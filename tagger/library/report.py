"""What a run did, as a value that is stored with it: counts, where the time went, what is new and what is wrong.

The one rule: a report is written however the run ended, and an error while writing it does not end the run.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from db.engine import Store
from db.read import catalog
from db.read.catalog import last_starts
from db.read.run_report import landmarks_of, quarantined_by
from db.rows import RunCounts
from db.write.runs import save_report
from tagger.core.errors import StoreError
from tagger.core.text import printable
from tagger.library.state import MOST_NAMED, RunState

log = logging.getLogger(__name__)

VERSION = 1  # of the JSON


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run, as JSON has it.

    Args:
        alerts: what somebody should look at: missing folders, suspicious deletions, a model that got worse.
        seconds: wall clock.
        photos_per_s: None where no photo was processed.
        stages: seconds by stage; the engine works beside the decoders, so they may add up to more.
        failures: how many by kind.
        landmarks: found by this run, the most frequent first; `is_new` where no earlier run found it.
        slowest: photos, slowest first.
        failed: the first failed files.
        quarantined: the first quarantined files by name; `in_quarantine` is how many there are.
        suspects: files that were tagged alone because an earlier run died while it worked on them.
        voted: unsure photos that their neighbours made tagged; they may be of any run, so no count has them.
    """

    run: int = 0
    job: str = ""
    status: str = ""
    error: str | None = None
    alerts: Sequence[str] = ()
    started_at: str = ""
    finished_at: str | None = None
    seconds: float = 0.0
    photos_per_s: float | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)
    stages: Mapping[str, float] = field(default_factory=dict)
    landmarks: Sequence[Mapping[str, Any]] = ()
    slowest: Sequence[Mapping[str, Any]] = ()
    failed: Sequence[Mapping[str, Any]] = ()
    quarantined: Sequence[str] = ()
    suspects: Sequence[str] = ()
    roots: Sequence[str] = ()
    model: Mapping[str, str] = field(default_factory=dict)
    engine: Mapping[str, str] = field(default_factory=dict)
    k: int = 0
    settings_hash: str | None = None
    tagger_version: str = ""
    in_quarantine: int = 0
    voted: int = 0
    version: int = VERSION

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The report that any version stored: unknown fields are ignored, missing ones take their defaults."""
        values = {name: stored[name] for name in cls.__dataclass_fields__ if name in stored}
        return cls(**values | {"counts": asdict(RunCounts()) | values.get("counts", {})})


def write(store: Store, state: RunState) -> None:
    """Store the report of a run that has ended; an error is only logged."""
    try:
        report = asdict(make(store, state))
        with store.write() as connection:
            save_report(connection, state.run_id, report)
    except StoreError as error:
        log.error("The report of run %d could not be stored: %s", state.run_id, error)
    except Exception:  # the run itself is over, and how it ended is stored
        log.exception("The report of run %d could not be written", state.run_id)


def make(store: Store, state: RunState) -> RunReport:
    with store.read() as connection:
        row = catalog.run(connection, state.run_id)
        landmarks = landmarks_of(connection, row.id)
        quarantined = quarantined_by(connection, row.id)
        canary = last_starts(connection).get("canary")
    alerts = [f"{printable(root)} is not there" for root in state.missing_roots]
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
        photos_per_s=round(state.processed / state.seconds, 2) if state.processed else None,
        counts=asdict(row.counts),
        failures=dict(sorted(state.failures.items())),
        stages={str(stage): seconds for stage, seconds in state.stages.seconds().items()},
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
    )

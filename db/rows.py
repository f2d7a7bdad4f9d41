"""The values that cross the store's border: what goes in, and what a file or a run looks like when it comes out.

What a listing finds (`TagHit` and its kin) is in `db.read.filters`. No ORM object leaves the package.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

PhotoStatus = Literal["tagged", "none"]
RunStatus = Literal["running", "done", "stopped", "interrupted", "failed", "died"]
JobStatus = Literal["running", "done", "stopped", "failed", "died"]
Verdict = Literal["shows", "not", "none"]


@dataclass(frozen=True, slots=True)
class ModelRow:
    """Args:
    model_id: SHA-256 that decides whether two models are the same.
    """

    model_id: str
    weights_sha256: str
    name: str
    version: str
    card: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunStart:
    """Args:
    reason: why this engine, for people.
    k: how many suggestions are asked for.
    job: what started it: tag, nightly, retag, telegram.
    settings_hash: of what was set, so that two runs can be told apart by it.
    """

    engine: str
    device: str
    precision: str
    reason: str
    roots: tuple[str, ...]
    k: int
    tagger_version: str
    job: str = "tag"
    pid: int | None = None
    host: str | None = None
    settings_hash: str | None = None


@dataclass(frozen=True, slots=True)
class RunCounts:
    """Args:
    set_aside: files that failed before and are not due yet, or are in quarantine.
    """

    tagged: int = 0
    none: int = 0
    failed: int = 0
    unchanged: int = 0
    inherited: int = 0
    gone: int = 0
    set_aside: int = 0


@dataclass(frozen=True, slots=True)
class RunRow:
    id: int
    model_name: str
    model_version: str
    model_id: str
    start: RunStart
    started_at: datetime
    finished_at: datetime | None
    status: RunStatus
    counts: RunCounts
    error: str | None
    undone_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that never said how it ended; perhaps it has not ended."""

    id: int
    job: str
    pid: int | None
    host: str | None
    started_at: datetime

    def __str__(self) -> str:
        """What it is, for people: the job, its process, its beginning."""
        process = f"process {self.pid} on {self.host}, " if self.pid else ""
        return f"{self.job}, {process}since {self.started_at.astimezone():%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True, slots=True)
class JobRunRow:
    """Args:
    due_at: None where a person started it.
    """

    id: int
    job: str
    due_at: datetime | None
    started_at: datetime
    finished_at: datetime | None
    status: JobStatus
    message: str | None


@dataclass(frozen=True, slots=True)
class CanaryRow:
    """What one model said of a picture whose landmark is known.

    Args:
        label: the picture's name, for people.
        expected: a landmark's key, or "none".
        found: likewise.
        score: of the best suggestion.
    """

    sha256: str
    label: str
    expected: str
    found: str
    score: float

    @property
    def is_right(self) -> bool:
        return self.found == self.expected

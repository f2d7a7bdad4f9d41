"""Values of the store: models, runs, jobs and canaries. Photos and landmarks are in `tagger.core.types`.

The one rule: no ORM object leaves the package. The hits of listings are in `db.read.rows`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

PhotoStatus = Literal["tagged", "none"]
RunStatus = Literal["running", "done", "stopped", "interrupted", "failed", "died"]
JobStatus = Literal["running", "done", "stopped", "failed", "died"]
Verdict = Literal["shows", "not", "none"]
Naming = Literal["appended", "replaced", "both", "embedded"]  # photo.jpg.xmp, photo.xmp, or the photo itself


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A bundle that was used."""

    model_id: str  # SHA-256 that decides whether two models are the same
    weights_sha256: str
    name: str
    version: str
    card: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunStart:
    """The properties of a run that begins."""

    engine: str
    device: str
    precision: str
    reason: str  # why this engine
    roots: tuple[str, ...]
    k: int  # how many suggestions are asked for
    tagger_version: str
    job: str = "tag"  # what started it: tag, nightly, retag, telegram
    pid: int | None = None
    host: str | None = None
    settings_hash: str | None = None  # tells whether two runs had the same settings


@dataclass(frozen=True, slots=True)
class RunCounts:
    """Files of a run by outcome."""

    tagged: int = 0
    none: int = 0
    failed: int = 0
    unchanged: int = 0
    inherited: int = 0  # answered without inference because their content was known
    gone: int = 0
    moved: int = 0  # lost files whose content the run found at a new path
    excluded: int = 0  # files that exist, but that the globs now exclude
    set_aside: int = 0  # failed before and not due yet, or in quarantine


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run with its model and how it ended."""

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
    """A run without an end: it is in progress, or it died."""

    id: int
    job: str
    pid: int | None
    host: str | None
    started_at: datetime

    def __str__(self) -> str:
        """The job, its process and its beginning."""
        process = f"process {self.pid} on {self.host}, " if self.pid else ""
        return f"{self.job}, {process}since {self.started_at.astimezone():%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True, slots=True)
class JobRunRow:
    """One start of a job."""

    id: int
    job: str
    due_at: datetime | None  # its scheduled time; None if a person started it
    started_at: datetime
    finished_at: datetime | None
    status: JobStatus
    message: str | None


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """What a person said about a photo."""

    sha256: str  # any content of the photo
    picture: str | None  # the hash of its picture
    verdict: Verdict
    landmark: str | None  # its key
    who: str
    source: str  # the surface, or where it was imported from
    decided_at: datetime
    revoked_at: datetime | None
    is_trusted: bool  # if not, it is a vote
    answer_id: int  # see `db.schema.models.Decision`
    counts: bool  # it is the library's: trusted, active, and not overruled


@dataclass(frozen=True, slots=True)
class CanaryRow:
    """A model's answer to a picture whose landmark is known."""

    sha256: str
    label: str  # the picture's name
    expected: str  # like `found`, a landmark's key, or "none"
    found: str
    score: float  # the best suggestion's

    @property
    def is_right(self) -> bool:
        return self.found == self.expected


@dataclass(frozen=True, slots=True)
class Written:
    """The content of a file after a write, and the way back."""

    sha256: str
    before: bytes | None  # its earlier content as a difference to that; None: there was no file


@dataclass(frozen=True, slots=True)
class SidecarRow:
    """A sidecar into which landmarks were written, or are about to be."""

    path: str
    photo_path: str
    landmarks: tuple[str, ...]  # the keys of those in it
    added: tuple[str, ...]  # the values that were not there before
    fingerprint: str | None  # of all that it should hold
    with_gps: bool  # a guessed position was asked for
    last: Written | None  # None: never written yet
    next: Written | None  # a write that began, and has not ended if the process died


@dataclass(frozen=True, slots=True)
class SidecarRequest:
    """A photo whose sidecar is to be written."""

    photo_path: str
    landmarks: tuple[str, ...]  # the keys to add
    naming: Naming
    with_gps: bool


@dataclass(frozen=True, slots=True)
class PhotoTag:
    """A landmark that a photo shows now; decisions come first, then the machine's by rank."""

    landmark: str  # its key
    is_decided: bool  # by a person
    score: float | None

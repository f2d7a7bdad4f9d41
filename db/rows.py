"""The values that cross the store's border: what goes in, and what a file or a run looks like when it comes out.

What a listing finds (`TagHit` and its kin) is in `db.hits`. No ORM object leaves the package.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

PhotoStatus = Literal["tagged", "none"]
RunStatus = Literal["running", "done", "interrupted", "failed"]
Verdict = Literal["shows", "not", "none"]


@dataclass(frozen=True, slots=True)
class LandmarkRow:
    """Args:
    key: stable snake_case, e.g. ``eiffel_tower``.
    lat: degrees north, WGS 84.
    lon: degrees east, WGS 84.
    """

    key: str
    name: str
    country: str
    lat: float
    lon: float
    city: str | None = None
    aliases: tuple[str, ...] = ()
    wikidata: str | None = None


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
    """

    engine: str
    device: str
    precision: str
    reason: str
    roots: tuple[str, ...]
    k: int
    tagger_version: str


@dataclass(frozen=True, slots=True)
class RunCounts:
    tagged: int = 0
    none: int = 0
    failed: int = 0
    unchanged: int = 0
    inherited: int = 0
    gone: int = 0


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


@dataclass(frozen=True, slots=True)
class SuggestionRow:
    """Args:
    rank: 1 is the best.
    landmark: its key.
    """

    rank: int
    landmark: str
    score: float
    is_tag: bool


@dataclass(frozen=True, slots=True)
class PhotoRow:
    """Args:
    taken_at: naive: the camera's wall clock, or the file's mtime in local time where EXIF has none.
    """

    sha256: str
    size_bytes: int
    width: int
    height: int
    format: str
    taken_at: datetime
    taken_from: Literal["exif", "mtime"]


@dataclass(frozen=True, slots=True)
class Assessed:
    """The model looked at this content."""

    path: str
    size_bytes: int
    mtime_ns: int
    photo: PhotoRow
    status: PhotoStatus
    suggestions: tuple[SuggestionRow, ...]


@dataclass(frozen=True, slots=True)
class Inherited:
    """The model has looked at this content before, perhaps earlier in the same batch."""

    path: str
    size_bytes: int
    mtime_ns: int
    sha256: str


@dataclass(frozen=True, slots=True)
class FailedFile:
    """Args:
    size_bytes: None where not even that could be found out; likewise the next two.
    """

    path: str
    size_bytes: int | None
    mtime_ns: int | None
    kind: str
    message: str
    sha256: str | None = None


Outcome = Assessed | Inherited | FailedFile


@dataclass(slots=True)
class FileState:
    """What the store knows of a path. Not frozen: a library has 200,000 of them, and frozen ones take longer to make.

    Args:
        size_bytes: None where a failed file's size was never known.
        is_assessed: the model has looked at its content and kept enough suggestions.
        failed: the last attempt to read it failed.
        gone: it was not there when last looked for; if it is back unchanged, see `db.writes.mark_present`.
    """

    size_bytes: int | None
    mtime_ns: int | None
    is_assessed: bool
    failed: bool
    gone: bool


@dataclass(frozen=True, slots=True)
class StoredSuggestion:
    rank: int
    landmark: LandmarkRow
    score: float
    is_tag: bool


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What one model said of a file, before any decision of people.

    Args:
        suggestions: by rank; as many as were once asked for, perhaps more than now.
        failure: kind and message, only under "failed".
    """

    path: str
    sha256: str | None
    status: Literal["tagged", "none", "failed"]
    suggestions: tuple[StoredSuggestion, ...]
    failure: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class LabelRow:
    """Args:
    photos: how many show it, those whose every file is gone left out.
    """

    landmark: LandmarkRow
    photos: int

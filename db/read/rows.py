"""What reads return: the hits of listings, and what the store knows of files and landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from tagger.core.types import Landmark

HitT = TypeVar("HitT")


@dataclass(frozen=True, slots=True)
class TagHit:
    """A landmark on a photo."""

    path: str
    sha256: str
    taken_at: datetime  # naive, the camera's wall clock
    landmark: str
    name: str
    country: str
    city: str | None
    lat: float
    lon: float
    source: Literal["machine", "person"]  # who says so; a person's tags have no rank, scores, reason, model or run
    rank: int | None
    score: float | None
    model_name: str | None
    model_version: str | None
    run: int | None
    tagged_at: datetime
    visual_score: float | None  # the model's own; `score` has the evidence beside the picture in it
    reason: dict[str, Any] | None  # that evidence as JSON values; its "kind" is near, far or vote
    others: int = 0  # how many files that look the same it stands for; 0 unless the filter asked for unique photos


@dataclass(frozen=True, slots=True)
class NoneHit:
    """A photo without any known landmark."""

    path: str
    sha256: str
    source: Literal["machine", "person"]  # "person" if a decision says or caused it
    taken_at: datetime
    others: int = 0  # as in `TagHit`


@dataclass(frozen=True, slots=True)
class FailureHit:
    """A file that could not be read when last tried."""

    path: str
    kind: str
    message: str
    attempts: int
    first_at: datetime
    last_at: datetime
    run: int
    next_at: datetime | None = None  # it is not tried before; None if every run tries it, or if it is in quarantine
    quarantined_at: datetime | None = None  # since then it is only tried if it changes or somebody asks for it


@dataclass(frozen=True, slots=True)
class Page(Generic[HitT]):
    """Part of a listing. It never splits a file."""

    hits: tuple[HitT, ...]
    next_after: str | None  # pass it as `after` for the next page; None after the last


class FileState(NamedTuple):
    """What the store knows of a path. A tuple, since a library has 200,000 of them and a dataclass takes longer."""

    size_bytes: int | None  # like `mtime_ns`, at the last attempt to read it; None if it was not known
    mtime_ns: int | None
    is_assessed: bool  # the model has answered its content with enough suggestions
    missing: bool  # it was not there when last looked for
    failed: bool = False  # the last attempt to read it failed
    in_backoff: bool = False  # and while its size and time stay the same it is not due yet, or is in quarantine


@dataclass(frozen=True, slots=True)
class LabelRow:
    """A landmark with the number of photos that show it; photos whose every file is gone do not count."""

    landmark: Landmark
    photos: int

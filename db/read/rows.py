"""What reads return: the hits of listings, and what the store knows of files and landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from tagger.core.types import Landmark

HitT = TypeVar("HitT")


@dataclass(frozen=True, slots=True)
class TagHit:
    """A landmark on a photo.

    Args:
        source: who says so; a person's tags have no rank, scores, reason, model or run.
        taken_at: naive, the camera's wall clock.
        visual_score: the model's own; `score` has the evidence beside the picture in it.
        reason: that evidence as JSON values; its "kind" is near, far or vote.
        others: how many files that look the same it stands for; 0 unless the filter asked for unique photos.
    """

    path: str
    sha256: str
    taken_at: datetime
    landmark: str
    name: str
    country: str
    city: str | None
    lat: float
    lon: float
    source: Literal["machine", "person"]
    rank: int | None
    score: float | None
    model_name: str | None
    model_version: str | None
    run: int | None
    tagged_at: datetime
    visual_score: float | None
    reason: dict[str, Any] | None
    others: int = 0


@dataclass(frozen=True, slots=True)
class NoneHit:
    """A photo without any known landmark.

    Args:
        source: "person" if a decision says or caused it.
        others: as in `TagHit`.
    """

    path: str
    sha256: str
    source: Literal["machine", "person"]
    taken_at: datetime
    others: int = 0


@dataclass(frozen=True, slots=True)
class FailureHit:
    """A file that could not be read when last tried.

    Args:
        next_at: it is not tried before; None if every run tries it, or if it is in quarantine.
        quarantined_at: since then it is only tried if it changes or somebody asks for it.
    """

    path: str
    kind: str
    message: str
    attempts: int
    first_at: datetime
    last_at: datetime
    run: int
    next_at: datetime | None = None
    quarantined_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[HitT]):
    """Part of a listing. It never splits a file.

    Args:
        next_after: pass it as `after` for the next page; None after the last.
    """

    hits: tuple[HitT, ...]
    next_after: str | None


class FileState(NamedTuple):
    """What the store knows of a path. A tuple, since a library has 200,000 of them and a dataclass takes longer.

    Attributes:
        size_bytes: at the last attempt to read it; None if it was not known.
        mtime_ns: likewise.
        is_assessed: the model has answered its content with enough suggestions.
        missing: it was not there when last looked for; if it is back unchanged, see `db.write.files.mark_present`.
        failed: the last attempt to read it failed.
        in_backoff: it failed, and while its size and time stay the same it is not due yet, or is in quarantine.
    """

    size_bytes: int | None
    mtime_ns: int | None
    is_assessed: bool
    missing: bool
    failed: bool = False
    in_backoff: bool = False


@dataclass(frozen=True, slots=True)
class LabelRow:
    """A landmark with the number of photos that show it; photos whose every file is gone do not count."""

    landmark: Landmark
    photos: int

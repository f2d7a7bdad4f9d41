"""What listings are asked for, and what they find.

A listing is ordered by path, byte by byte, and comes in pages; a page never splits a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

HitT = TypeVar("HitT")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFilter:
    """What every listing understands.

    Args:
        under: a folder; everything below it.
        run: only what this run wrote.
        answered_since: aware, inclusive: when the machine or a person answered; of a failure the last attempt.
        answered_until: aware, exclusive.
        include_gone: also files that are no longer there.
    """

    under: str | None = None
    run: int | None = None
    answered_since: datetime | None = None
    answered_until: datetime | None = None
    include_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoFilter(FileFilter):
    """What listings of photos that could be read understand too.

    Args:
        taken_since: naive, inclusive: the camera's wall clock.
        taken_until: naive, exclusive.
        model: its name, or the beginning of its id; then this model's answers count, not the newest ones.
        unique: of photos that look the same only one, see `db.read.unique`.
    """

    taken_since: datetime | None = None
    taken_until: datetime | None = None
    model: str | None = None
    unique: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TagFilter(PhotoFilter):
    """What the listing of tags understands too.

    Args:
        landmark: key, name or alias.
        country: in any case.
        min_score: for the machine's tags; what people say has no score and always passes.
    """

    landmark: str | None = None
    country: str | None = None
    min_score: float | None = None


@dataclass(frozen=True, slots=True)
class TagHit:
    """A landmark on a photo.

    Args:
        source: who says so; a person's tags have no rank, scores, reason, model or run.
        taken_at: naive, the camera's wall clock.
        visual_score: the model's own; `score` has the evidence beside the picture in it.
        reason: that evidence; its "kind" is near, far or vote.
        others: how many files that look the same it stands for; 0 where nobody asked.
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
        source: "person" where a decision says or caused it.
        others: as in `TagHit`.
    """

    path: str
    sha256: str
    source: Literal["machine", "person"]
    taken_at: datetime
    others: int = 0


@dataclass(frozen=True, slots=True)
class FailureHit:
    """Args:
    next_at: it is not tried before; None where every run tries it, or where it is in quarantine.
    quarantined_at: it is not tried since, until it changes or somebody asks for it.
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
    """Args:
    next_after: give it as `after` for the next page; None after the last.
    """

    hits: tuple[HitT, ...]
    next_after: str | None

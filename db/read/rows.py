"""The results of reads: hits of listings, states of files, counts of landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from db.rows import Verdict
from tagger.core.types import DateSource, Landmark, Position, Status, Suggestion

HitT = TypeVar("HitT")
State = Literal[  # what people say about the machine's answer
    "unreviewed",
    "confirmed",
    "rejected",  # of a tag that they overrule
    "corrected",  # of the answer that they give instead
]


@dataclass(frozen=True, slots=True)
class TagHit:
    """A landmark on a photo."""

    path: str
    sha256: str
    taken_at: datetime  # naive, the camera's local time
    landmark: str
    name: str
    country: str | None
    city: str | None
    lat: float | None
    lon: float | None
    source: Literal["machine", "person"]  # a person's tags have no rank, scores, reason, model or run
    rank: int | None
    score: float | None
    model_name: str | None
    model_version: str | None
    run: int | None
    tagged_at: datetime
    visual_score: float | None  # the model's own; `score` includes other evidence
    reason: dict[str, Any] | None  # that evidence as JSON values; its "kind" is near, far or vote
    others: int = 0  # how many files that look the same it stands for; 0 unless the filter asked for unique photos
    taken_from: DateSource = "mtime"  # where `taken_at` comes from
    state: State = "unreviewed"
    status: Status = "tagged"


@dataclass(frozen=True, slots=True)
class NoneHit:
    """A photo without any known landmark."""

    path: str
    sha256: str
    source: Literal["machine", "person"]  # "person" if a decision caused it
    taken_at: datetime
    others: int = 0  # as in `TagHit`
    taken_from: DateSource = "mtime"  # where `taken_at` comes from
    state: State = "unreviewed"
    status: Status = "none"


@dataclass(frozen=True, slots=True)
class VoteHit:
    """What people whom the operator does not trust say about a photo."""

    path: str
    sha256: str
    verdict: Verdict
    landmark: str | None  # None if they say "none"
    name: str | None
    people: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class VoteCount:
    """How many people whom the operator does not trust say one thing about a photo."""

    people: int
    verdict: Verdict
    landmark: str | None  # its name; None if they say "none"


@dataclass(frozen=True, slots=True)
class NearbyPhoto:
    """The photo that was taken just before or after another one, in the same folder."""

    seconds: int  # between the two
    landmark: str | None  # the name of what it shows; None if it has no tag


@dataclass(frozen=True, slots=True)
class ReviewPhoto:
    """A photo that the model answered and no person has decided about, with what helps to decide."""

    path: str  # of one of its present files
    sha256: str
    taken_at: datetime  # naive, the camera's local time
    taken_from: DateSource
    position: Position | None
    suggestions: tuple[Suggestion, ...]  # best first, at least one
    votes: tuple[VoteCount, ...]  # most people first
    before: NearbyPhoto | None
    after: NearbyPhoto | None

    @property
    def best(self) -> Suggestion:
        """The suggestion to decide about."""
        return self.suggestions[0]

    @property
    def margin(self) -> float:
        """The first score minus the second."""
        return self.best.score - (self.suggestions[1].score if len(self.suggestions) > 1 else 0.0)


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
    next_at: datetime | None = None  # next attempt; None if every run tries it, or in quarantine
    quarantined_at: datetime | None = None  # since then only tried if it changes or on request
    status: Status = "failed"


@dataclass(frozen=True, slots=True)
class Page(Generic[HitT]):
    """A page of a listing; it never splits a file."""

    hits: tuple[HitT, ...]
    next_after: str | None  # pass it as `after` for the next page; None after the last


class FileState(NamedTuple):
    """The stored state of a path. A tuple, since a library has 200,000 of them and a dataclass is slower."""

    path: bytes
    size_bytes: int | None
    mtime_ns: int | None
    ctime_ns: int | None  # stores of earlier versions did not have it
    is_assessed: bool  # the model has answered its content with enough suggestions
    missing: bool  # the last scan did not find it
    is_superseded: bool | None  # None without an answer; another model's answer counts, although this model has one


class FailedState(NamedTuple):
    """The stored state of a path that could not be read when last tried."""

    path: bytes
    size_bytes: int | None  # when it failed, like `mtime_ns`; None if unknown
    mtime_ns: int | None
    ctime_ns: int | None
    in_backoff: bool  # while unchanged, it is not due yet, or in quarantine


@dataclass(frozen=True, slots=True)
class LabelRow:
    """A landmark with the number of photos that show it and have a present file."""

    landmark: Landmark
    photos: int

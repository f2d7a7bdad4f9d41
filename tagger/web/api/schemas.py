"""What the API answers, as types: OpenAPI is made from them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator

from tagger.core.types import DateSource

LocalTime = Annotated[
    datetime, WithJsonSchema({"type": "string", "description": "The camera's local time, without a zone."})
]
Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class Problem(BaseModel):
    """Why a request was refused."""

    detail: str


class SuggestionOut(BaseModel):
    """A landmark that the model suggests."""

    rank: int
    landmark: str
    name: str
    country: str | None
    city: str | None
    lat: float | None
    lon: float | None
    score: float
    visual_score: float
    reason: dict[str, Any] | None


class ErrorOut(BaseModel):
    """Why a photo could not be read."""

    kind: str
    message: str


class SuggestOut(BaseModel):
    """Version 1 of the JSON line of `tagger suggest`."""

    path: str
    sha256: str | None
    status: Literal["tagged", "none", "failed"]
    suggestions: list[SuggestionOut]
    error: ErrorOut | None
    look: Literal["first", "full"] | None
    min_score: float = 0.0


class TagOut(BaseModel):
    """A landmark on a photo; without a score it is a person's."""

    landmark: str
    name: str
    country: str | None
    score: float | None


class TileOut(BaseModel):
    """A photo in a list."""

    sha256: str
    taken_at: LocalTime
    width: int
    height: int
    tags: list[TagOut]
    guess: TagOut | None = Field(description="The best suggestion if there is no tag.")
    is_reviewed: bool
    is_unsure: bool
    label: str = Field(description="All that in words.")
    facts: list[str] = Field(description="The same without the landmarks.")


class PhotosOut(BaseModel):
    """A page of photos, the newest first."""

    photos: list[TileOut]
    next: str | None = Field(description="Ask for the next page with it, as `after`; null after the last.")


class ReviewOut(BaseModel):
    """The first photos of a review."""

    total: int = Field(description="How many photos nobody has decided about.")
    photos: list[TileOut]


class MonthOut(BaseModel):
    """A month, and how many newer photos there are."""

    month: str
    label: str
    start: int


class TimelineOut(BaseModel):
    """How many photos there are, and where their pages begin."""

    total: int
    page_size: int
    pages: list[str | None] = Field(description="The `after` of each page; the first begins after none.")
    months: list[MonthOut]


class StoredSuggestionOut(BaseModel):
    """A suggestion of the current model that is stored."""

    rank: int
    key: str
    name: str
    country: str | None
    lat: float | None
    lon: float | None
    score: float
    visual_score: float
    is_tag: bool
    reason: dict[str, Any] | None


class AssessmentOut(BaseModel):
    """That a model answered, and when."""

    model_config = ConfigDict(from_attributes=True)

    model: str
    version: str
    status: str
    assessed_at: datetime
    run: int
    is_current: bool


class StoredDecisionOut(BaseModel):
    """That a person decided, and when."""

    id: int
    verdict: Literal["shows", "not", "none"]
    key: str | None
    name: str | None
    who: str
    source: str
    decided_at: datetime
    revoked_at: datetime | None
    counts: bool = Field(description="For the library: trusted, active and not overruled.")


class PhotoOut(BaseModel):
    """All that the store knows of a photo."""

    sha256: str
    paths: list[str]
    taken_at: LocalTime
    taken_from: DateSource
    width: int
    height: int
    format: str
    size_bytes: int
    lat: float | None
    lon: float | None
    suggestions: list[StoredSuggestionOut]
    assessments: list[AssessmentOut]
    decisions: list[StoredDecisionOut]
    alike: list[str] = Field(description="Photos that look the same.")


class PlaceOut(BaseModel):
    """Photos near one another."""

    lat: float
    lon: float
    photos: int
    sha256: str = Field(description="Of the newest.")


class LandmarkOut(BaseModel):
    """A landmark, and how many photos show it."""

    landmark: str
    name: str
    country: str | None
    city: str | None
    lat: float | None
    lon: float | None
    photos: int
    first_at: LocalTime | None
    last_at: LocalTime | None
    sha256: str | None = Field(description="Of the latest photo.")


class RunOut(BaseModel):
    """A run."""

    id: int
    job: str
    model: str
    status: str
    started_at: datetime
    finished_at: datetime | None
    counts: dict[str, int]
    error: str | None


class DecisionIn(BaseModel):
    """What a person says about a photo: it shows a landmark, it does not, or it shows none."""

    model_config = ConfigDict(extra="forbid")

    verdict: Literal["shows", "not", "none"]
    landmark: str | None = Field(None, max_length=200, description="Its id, name or alias; only null for `none`.")

    @model_validator(mode="after")
    def _has_landmark(self) -> Self:
        if (self.verdict == "none") != (self.landmark is None):
            raise ValueError("'shows' and 'not' need a landmark, and 'none' has none")
        return self


class DecisionsIn(DecisionIn):
    """The same about several photos."""

    photos: list[Sha256] = Field(min_length=1, max_length=500)


class UndoIn(BaseModel):
    """Decisions to take back."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Annotated[int, Field(ge=1, lt=1 << 63)]] = Field(min_length=1, max_length=500)


class DecisionsOut(BaseModel):
    """The numbers of decisions, with which they can be taken back, and their photos as they are now."""

    ids: list[int]
    photos: list[TileOut]


class HealthOut(BaseModel):
    """The health of the process."""

    status: Literal["fine", "failing"]
    reasons: list[str] = []
    notes: list[str] = []
    version: str | None = None


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors that a route answers, for OpenAPI."""
    return {status: {"model": Problem} for status in statuses}

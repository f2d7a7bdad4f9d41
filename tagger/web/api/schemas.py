"""What the API answers, as types: OpenAPI is made from them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel


class Problem(BaseModel):
    """Why a request was refused."""

    detail: str


class SuggestionOut(BaseModel):
    """A landmark that the model suggests."""

    rank: int
    landmark: str
    name: str
    country: str | None
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


class HealthOut(BaseModel):
    """The health of the process."""

    status: Literal["fine", "failing"]
    reasons: list[str]
    notes: list[str]
    version: str


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors that a route answers, for OpenAPI."""
    return {status: {"model": Problem} for status in statuses}

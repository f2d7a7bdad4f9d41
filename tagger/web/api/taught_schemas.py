"""What the API takes and answers about places that people teach."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tagger.web.api.schemas import DecisionsOut, Sha256


class NameIn(BaseModel):
    """What a place on photos is called, and where it is."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200, description="Of a landmark in any language, or a new one.")
    photos: list[Sha256] = Field(min_length=1, max_length=500, description="Those that show it best come first.")
    country: Annotated[str | None, Field(max_length=200)] = None
    lat: Annotated[float | None, Field(ge=-90, le=90, description="Of a new place; else where its photos were.")] = None
    lon: Annotated[float | None, Field(ge=-180, le=180)] = None

    @model_validator(mode="after")
    def _has_whole_position(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("a position is both lat and lon")
        return self


class TaughtOut(BaseModel):
    """A place that people taught."""

    landmark: str
    name: str
    country: str | None
    lat: float | None
    lon: float | None
    radius_km: float | None
    photos: int = Field(description="That teach it.")
    threshold: float | None = Field(description="The score at which it is a tag; null before the model knows it.")


class UnknownOut(BaseModel):
    """Photos of one place that nobody has named."""

    photos: list[str] = Field(description="The most typical first.")
    lat: float | None
    lon: float | None


class OverlapOut(BaseModel):
    """The landmark that most of the photos which taught a place were tagged as before."""

    landmark: str
    name: str
    tagged: int = Field(description="How many of the photos.")
    photos: int


class NamedOut(DecisionsOut):
    """The decisions that photos show a landmark, which was taught if it is new."""

    landmark: str
    name: str
    is_taught: bool = Field(description="Whether the photos taught it.")
    overlap: OverlapOut | None = Field(description="Set if the photos may show a known landmark.")

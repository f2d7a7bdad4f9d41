"""Places that people teach, and photos of places that nobody has named."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path

from db.taught.places import TaughtRow
from tagger.core.errors import TeachingError
from tagger.library.taught.overlap import Overlap
from tagger.library.taught.teach import remove, taught
from tagger.web.api.schemas import problems
from tagger.web.api.taught_schemas import NamedOut, NameIn, OverlapOut, TaughtOut, UnknownOut
from tagger.web.api.views import tiles_out
from tagger.web.language import Language, Speaks
from tagger.web.naming import name_photos
from tagger.web.services import By, Parts

router = APIRouter(tags=["taught"], responses=problems(401, 403, 503))


@router.get("/taught")
def taught_places(services: Parts) -> list[TaughtOut]:
    """The places that people taught."""
    return [_taught_out(place) for place in taught(services.store, services.model.tagger.bundle)]


@router.post("/taught", status_code=201, responses=problems(404, 409, 422))
def name(services: Parts, visitor: By, language: Speaks, named: NameIn) -> NamedOut:
    """Say what photos show: a landmark, or a place of your own, which they teach if there are 3 to 50 of them.

    Photos beyond the first 50 do not teach. All are decided to show the place.
    """
    done = name_photos(services, visitor.who, named)
    return NamedOut(
        landmark=done.landmark.id,
        name=language.landmark(done.landmark).name,
        is_taught=done.is_taught,
        overlap=_overlap_out(done.overlap, language),
        ids=done.ids,
        photos=tiles_out(done.photos, language),
    )


@router.delete("/taught/{landmark}", status_code=204, responses=problems(404, 409, 422))
def forget(services: Parts, landmark: Annotated[str, Path(max_length=200)]) -> None:
    """Remove a taught place, with its suggestions. Decisions that name it stay."""
    try:
        remove(services.store, services.model.tagger.bundle, landmark, min_score=services.model.min_score)
    except TeachingError as error:
        raise HTTPException(404, str(error)) from error


@router.get("/unknown")
def unknown(services: Parts) -> list[UnknownOut]:
    """Groups of photos that show one place which has no name, the largest first.

    Among the newest 20,000 photos without a tag that nobody has decided to show none. They are found again after ten
    minutes, or after somebody has decided about photos.
    """
    places = services.unknown.find(services.store, services.model.tagger.bundle)
    return [
        UnknownOut(
            photos=list(place.contents),
            lat=place.near.lat if place.near else None,
            lon=place.near.lon if place.near else None,
        )
        for place in places
    ]


def _overlap_out(overlap: Overlap | None, language: Language) -> OverlapOut | None:
    if overlap is None:
        return None
    name = language.landmark(overlap.landmark).name
    return OverlapOut(landmark=overlap.landmark.id, name=name, tagged=overlap.tagged, photos=overlap.photos)


def _taught_out(place: TaughtRow) -> TaughtOut:
    landmark = place.landmark
    return TaughtOut(
        landmark=landmark.id,
        name=landmark.name,
        country=landmark.country,
        lat=landmark.lat,
        lon=landmark.lon,
        radius_km=place.radius_km,
        photos=place.photos,
        threshold=place.threshold,
    )

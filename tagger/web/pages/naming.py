"""Places without a name, and forms that name and forget places."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from db.read.gallery.tiles import tiles_of
from tagger.library.taught.teach import MOST_PHOTOS, remove
from tagger.web.api.schemas import Sha256
from tagger.web.api.taught_schemas import NameIn
from tagger.web.language import N_
from tagger.web.naming import name_photos
from tagger.web.pages.rendering import render, with_query
from tagger.web.services import By, Parts

MOST_PLACES = 40
SHOWN = 8  # photos of a place


router = APIRouter()


@router.get("/unknown")
def unknown(request: Request) -> HTMLResponse:
    """The page, which asks for the places once it is there: they may take seconds."""
    return render(request, "unknown", title=N_("Places without a name"))


@router.get("/unknown/places")
def unknown_places(request: Request, services: Parts) -> HTMLResponse:
    """Groups of photos of one place each, with a form to name it."""
    found = services.unknown.find(services.store, services.model.tagger.bundle)[:MOST_PLACES]
    with services.store.read() as connection:
        shown = {tile.sha256: tile for place in found for tile in tiles_of(connection, place.contents[:SHOWN])}
    places = [(place, [shown[sha256] for sha256 in place.contents[:SHOWN] if sha256 in shown]) for place in found]
    return render(request, "unknown_places", places=places, most=MOST_PHOTOS)


@router.post("/unknown")
def name(
    services: Parts,
    visitor: By,
    name: Annotated[str, Form(min_length=1, max_length=200)],
    photos: Annotated[list[Sha256], Form(min_length=1, max_length=MOST_PHOTOS)],
) -> Response:
    """Name a group of photos, and show what is known of the place then."""
    done = name_photos(services, visitor.who, NameIn(name=name, photos=photos))
    return RedirectResponse(with_query("/", f"landmark:{done.landmark.id}"), 303)


@router.post("/landmarks/forget")
def forget(services: Parts, landmark: Annotated[str, Form(max_length=200)]) -> Response:
    """Remove a taught place, with its suggestions."""
    remove(services.store, services.model.tagger.bundle, landmark, min_score=services.model.min_score)
    return RedirectResponse("/landmarks", 303)

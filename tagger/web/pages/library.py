"""Library, Review and Map: what a query finds, as a grid, one by one, and on a map."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from db.errors import QuerySyntaxError, UnknownName
from db.read.gallery.matching import matching
from db.read.gallery.tiles import TilePage, tiles
from tagger.web.api.photos import QueryText, cursor
from tagger.web.pages.rendering import render
from tagger.web.pages.world import world_geojson
from tagger.web.services import Parts, Services

FIRST_TILES = 60  # the script fetches the others

router = APIRouter()


@router.get("/")
def library(
    request: Request,
    services: Parts,
    query: QueryText = "",
    after: Annotated[str | None, Query(max_length=60)] = None,
) -> HTMLResponse:
    """All photos that a query finds, by date."""
    page, problem = _search(services, query, after)
    status = 200 if problem is None else 422
    return render(request, "library", status, title="Library", query=query, page=page, problem=problem)


@router.get("/review")
def review(request: Request, services: Parts, query: QueryText = "") -> HTMLResponse:
    """What nobody has decided about, one photo after the other, with one key for each decision."""
    return _with_script(request, services, "review", "Review", query)


@router.get("/map")
def map_(request: Request, services: Parts, query: QueryText = "") -> HTMLResponse:
    """Where the photos that a query finds were taken."""
    return _with_script(request, services, "map", "Map", query, tiles_url=services.settings.web_tiles or "")


@router.get("/world.json")
def world() -> Response:
    """The outline of the world, for a map that works without a network."""
    return JSONResponse(world_geojson(), headers={"Cache-Control": "private, max-age=86400"})


def _with_script(
    request: Request, services: Services, template: str, title: str, query: str, **values: str
) -> HTMLResponse:
    """A page whose script asks for what the query finds, unless the query is wrong."""
    problem = None
    try:
        with services.store.read() as connection:
            matching(connection, services.query(connection, query))
    except (QuerySyntaxError, UnknownName) as error:
        problem = str(error)
    status = 200 if problem is None else 422
    return render(request, template, status, title=title, query=query, problem=problem, **values)


def _search(services: Services, query: str, after: str | None) -> tuple[TilePage, str | None]:
    """A page of photos, or none and what is wrong with the query."""
    try:
        with services.store.read() as connection:
            found = services.query(connection, query)
            return tiles(connection, found, after=cursor(after), limit=FIRST_TILES), None
    except (QuerySyntaxError, UnknownName) as error:
        return TilePage((), None), str(error)

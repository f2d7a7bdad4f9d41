"""The page of one photo, and its panels."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from db.read.gallery.detail import photo_detail, photo_files
from db.read.gallery.tiles import neighbours, tiles_of
from db.write.decisions import undo_decision
from tagger.model.occlusion import occlusion
from tagger.web.api.decisions import store_decisions
from tagger.web.api.photos import Digest, QueryText
from tagger.web.api.schemas import DecisionIn
from tagger.web.language import N_, language_of
from tagger.web.pages.rendering import render
from tagger.web.pages.world import land_path, point
from tagger.web.services import By, Parts, Services

router = APIRouter()


@router.get("/photo/{sha256}")
def photo(request: Request, services: Parts, sha256: Digest, query: QueryText = "") -> HTMLResponse:
    """A photo with all that the store knows of it, among those that a query finds."""
    return _page(request, services, sha256, "photo", query)


@router.post("/photo/{sha256}/decide")
def decide(
    request: Request,
    services: Parts,
    visitor: By,
    sha256: Digest,
    verdict: Annotated[str, Form()],
    landmark: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Store a decision, and show the panel again."""
    try:
        decision = DecisionIn.model_validate({"verdict": verdict, "landmark": landmark or None})
    except ValueError as error:
        raise HTTPException(422, "A photo shows a landmark, does not show it, or shows none.") from error
    store_decisions(services, visitor.who, [sha256], decision)
    return _changed(request, services, sha256)


@router.post("/photo/{sha256}/undo")
def undo(
    request: Request, services: Parts, visitor: By, sha256: Digest, decision: Annotated[int, Form(ge=1, lt=1 << 63)]
) -> Response:
    """Take a decision back, and show the panel again."""
    with services.store.write() as connection:
        undo_decision(connection, decision, who=visitor.who)
    return _changed(request, services, sha256)


@router.get("/photo/{sha256}/why")
async def why(request: Request, services: Parts, sha256: Digest, landmark: str) -> HTMLResponse:
    """Which parts of a photo the model's score comes from, as cells over the square that it sees."""
    with services.store.read() as connection:
        files, detail = photo_files(connection, sha256), photo_detail(connection, sha256)
    loaded = await services.thumbnails.load(files)
    if loaded is None or loaded.pixels is None:
        raise HTTPException(404, "No file has this photo any more, or it cannot be read.")
    cells = await occlusion(services.model.infer, loaded.pixels, landmark)
    if cells is None:
        raise HTTPException(404, "The present model does not know this landmark.")
    return render(request, "why", photo=detail, cells=cells)


def _changed(request: Request, services: Services, sha256: str) -> Response:
    """The panel for a script; the whole page for a browser without one."""
    if "hx-request" in request.headers:
        return _page(request, services, sha256, "photo_panel")
    return RedirectResponse(f"/photo/{sha256}", 303)


def _page(request: Request, services: Services, sha256: str, template: str, query: str = "") -> HTMLResponse:
    with services.store.read() as connection:
        detail = photo_detail(connection, sha256)
        (tile,) = tiles_of(connection, [detail.sha256])
        alike = tiles_of(connection, detail.alike)
        beside = neighbours(connection, services.query(connection, query), detail.sha256)
    place = _place(detail.lat, detail.lon)
    title = language_of(request).name(tile.tags[0].landmark) if tile.tags else N_("No known landmark")
    return render(
        request,
        template,
        title=title,
        query=query,
        photo=detail,
        tile=tile,
        alike=alike,
        beside=beside,
        place=place,
        land=land_path(),
    )


def _place(lat: float | None, lon: float | None) -> tuple[float, float] | None:
    return None if lat is None or lon is None else point(lon, lat)

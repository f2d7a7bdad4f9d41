"""The library's photos: lists, one photo, and its pictures."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query
from fastapi.responses import FileResponse

from db.read.gallery.detail import PhotoFiles, photo_detail, photo_files
from db.read.gallery.places import Bounds, places
from db.read.gallery.tiles import Cursor, tiles
from db.read.gallery.timeline import timeline
from tagger.image.loader import Part
from tagger.web.api.schemas import MonthOut, PhotoOut, PhotosOut, PlaceOut, TimelineOut, problems
from tagger.web.api.views import month_label, page_out, photo_out
from tagger.web.language import Speaks
from tagger.web.services import Parts, Services

MAX_QUERY = 2000  # characters
IMMUTABLE = "private, max-age=31536000, immutable"  # a copy is named by its photo's content
WEBP: dict[int | str, dict[str, Any]] = {200: {"content": {"image/webp": {}}}}

QueryText = Annotated[str, Query(max_length=MAX_QUERY, description="In the query language of `tagger query`.")]
Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="The SHA-256 of a content of the photo.")]
Latitude = Annotated[float, Query(ge=-90, le=90)]
Longitude = Annotated[float, Query(ge=-180, le=180)]

router = APIRouter(tags=["photos"], responses=problems(401, 422, 503))


@router.get("/photos")
def photos(
    services: Parts,
    language: Speaks,
    query: QueryText = "",
    after: Annotated[str | None, Query(max_length=60)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 200,
) -> PhotosOut:
    """The photos that a query finds, the newest first."""
    with services.store.read() as connection:
        return page_out(
            tiles(connection, services.query(connection, query), after=cursor(after), limit=limit), language
        )


@router.get("/photos/timeline")
def photo_timeline(services: Parts, language: Speaks, query: QueryText = "") -> TimelineOut:
    """How many photos a query finds, and where the pages of `/photos` begin."""
    with services.store.read() as connection:
        found = timeline(connection, services.query(connection, query))
    return TimelineOut(
        total=found.total,
        page_size=found.page_size,
        pages=[None if after is None else str(after) for after in found.pages],
        months=[
            MonthOut(month=one.month, label=month_label(one.month, language), start=one.start) for one in found.months
        ],
    )


@router.get("/places")
def photo_places(
    services: Parts,
    query: QueryText = "",
    south: Latitude = -90,
    west: Longitude = -180,
    north: Latitude = 90,
    east: Longitude = 180,
    zoom: Annotated[int, Query(ge=0, le=18)] = 0,
) -> list[PlaceOut]:
    """Where the photos that a query finds were taken: cells of a grid, the fullest first."""
    with services.store.read() as connection:
        bounds = Bounds(south, west, north, east)
        cells = places(connection, services.query(connection, query), bounds, zoom)
    return [PlaceOut(lat=cell.lat, lon=cell.lon, photos=cell.photos, sha256=cell.sha256) for cell in cells]


@router.get("/photos/{sha256}", responses=problems(404))
def photo(services: Parts, language: Speaks, sha256: Digest) -> PhotoOut:
    """All that the store knows of a photo."""
    with services.store.read() as connection:
        return photo_out(photo_detail(connection, sha256), language)


@router.get("/photos/{sha256}/thumbnail", response_class=FileResponse, responses=WEBP | problems(404))
async def thumbnail(services: Parts, sha256: Digest) -> FileResponse:
    """The photo with a long side of 400 pixels, as WebP without metadata."""
    return await picture(services, sha256, "thumbnail")


@router.get("/photos/{sha256}/preview", response_class=FileResponse, responses=WEBP | problems(404))
async def preview(services: Parts, sha256: Digest) -> FileResponse:
    """The photo with a long side of 1,600 pixels, as WebP without metadata."""
    return await picture(services, sha256, "screen")


async def picture(services: Services, sha256: str, part: Part) -> FileResponse:
    """A copy of a photo that the store knows.

    Raises:
        HTTPException: no file has it any more.
        UnknownPhoto: there is no such photo.
    """
    file = services.thumbnails.find(sha256, part) or await services.thumbnails.make(
        sha256, part, lambda: _files(services, sha256)
    )
    if file is None:
        raise HTTPException(404, "No file has this photo any more, or it cannot be read.")
    return FileResponse(file, media_type="image/webp", headers={"Cache-Control": IMMUTABLE})


def _files(services: Services, sha256: str) -> PhotoFiles:
    with services.store.read() as connection:
        return photo_files(connection, sha256)


def cursor(after: str | None) -> Cursor | None:
    """Where a page begins.

    Raises:
        HTTPException: it is not the end of a page.
    """
    try:
        return None if after is None else Cursor.parse(after)
    except ValueError as error:
        raise HTTPException(422, f"after: {after!r} is not from a page.") from error

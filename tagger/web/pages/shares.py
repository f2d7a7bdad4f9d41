"""Share links: what one query finds, for whoever has the link, until a day. Read-only, and without metadata.

The one rule: a picture is served only if the link's query finds it now.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from db.engine import Connection
from db.errors import QuerySyntaxError, UnknownName
from db.read.gallery.matching import matching
from db.read.gallery.tiles import cursor_of, finds, tiles
from db.read.query_language.tree import Node
from tagger.web.api.photos import MAX_QUERY, Digest, QueryText, picture
from tagger.web.language import N_
from tagger.web.pages.rendering import render
from tagger.web.security.credentials import Share
from tagger.web.services import Parts, Services

DAYS = 30  # by default
MOST_DAYS = 366
TILES = 60
SHA256 = "^[0-9a-f]{64}$"
ENDED = "This link has ended, or never existed."

router = APIRouter()


@router.get("/share")
def share_page(request: Request, services: Parts, query: QueryText = "") -> HTMLResponse:
    """The form to share a query, and the links that exist."""
    return _page(request, services, query)


@router.post("/share")
def share(
    request: Request,
    services: Parts,
    until: Annotated[str, Form(pattern=r"^\d{4}-\d{2}-\d{2}$")],
    query: Annotated[str, Form(max_length=MAX_QUERY)] = "",
) -> HTMLResponse:
    """Make a link, and show it once."""
    with services.store.read() as connection:
        tiles(connection, services.query(connection, query), limit=1)  # a query that is wrong finds nobody later
    token = services.credentials.add_share(query, _end_of(until))
    return _page(request, services, query, link=str(request.url_for("shared", token=token)))


@router.post("/share/end")
def end_share(services: Parts, share: Annotated[str, Form(pattern=SHA256)]) -> Response:
    """End a link now."""
    services.credentials.remove_share(share)
    return RedirectResponse("/share", 303)


@router.get("/shared/{token}")
def shared(
    request: Request, services: Parts, token: str, after: Annotated[str | None, Query(pattern=SHA256)] = None
) -> HTMLResponse:
    """The photos of a link, those after a photo: a cursor would tell when it was taken."""
    found = _share(services, token)
    with services.store.read() as connection:
        start = after and cursor_of(connection, after)
        page = tiles(connection, _query(services, connection, found), after=start or None, limit=TILES)
    return render(request, "shared", title=N_("Shared photos"), page=page, base=f"/shared/{token}", share=found)


@router.get("/shared/{token}/{sha256}/thumbnail")
async def shared_thumbnail(services: Parts, token: str, sha256: Digest) -> FileResponse:
    """A small copy of a photo of a link."""
    _check_photo(services, token, sha256)
    return await picture(services, sha256, "thumbnail")


@router.get("/shared/{token}/{sha256}")
async def shared_picture(services: Parts, token: str, sha256: Digest) -> FileResponse:
    """A photo of a link, as large as a screen."""
    _check_photo(services, token, sha256)
    return await picture(services, sha256, "screen")


def _page(request: Request, services: Services, query: str, *, link: str | None = None) -> HTMLResponse:
    today = datetime.now(UTC).date()
    return render(
        request,
        "share",
        title="Share",
        query=query,
        link=link,
        shares=services.credentials.shares(),
        until=today + timedelta(days=DAYS),
        latest=today + timedelta(days=MOST_DAYS),
    )


def _share(services: Services, token: str) -> Share:
    """The share of a link.

    Raises:
        HTTPException: there is none, or it has ended.
    """
    found = services.credentials.share(token)
    if found is None:
        raise HTTPException(404, ENDED)
    return found


def _check_photo(services: Services, token: str, sha256: str) -> None:
    share = _share(services, token)
    with services.store.read() as connection:
        if not finds(connection, _query(services, connection, share), sha256):
            raise HTTPException(404, "This link has no such photo.")


def _query(services: Services, connection: Connection, share: Share) -> Node:
    """What a link finds.

    Raises:
        HTTPException: its query names what the store no longer has.
    """
    try:
        query = services.query(connection, share.query)
        matching(connection, query)
        return query
    except (QuerySyntaxError, UnknownName) as error:
        raise HTTPException(404, ENDED) from error


def _end_of(day: str) -> datetime:
    """The end of a day, which is in the future, but not far.

    Raises:
        HTTPException: it is not such a day.
    """
    try:
        end = datetime.combine(datetime.fromisoformat(day).date(), time.max, UTC)
    except ValueError as error:
        raise HTTPException(422, f"{day} is not a day.") from error
    now = datetime.now(UTC)
    if not now < end < now + timedelta(days=MOST_DAYS + 1):
        raise HTTPException(422, f"A link ends on a day in the next {MOST_DAYS} days.")
    return end

"""The queue of a review: the order of `tagger review`, and what a person skipped."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from db.read.filters import TagFilter
from db.read.gallery.tiles import tiles_in_order
from db.read.photos import find_photo
from db.write.review import skip_photo, unskip_photo
from tagger.review.queue import first_of_review
from tagger.web.api.photos import Digest, QueryText
from tagger.web.api.schemas import ReviewOut, problems
from tagger.web.api.views import tiles_out
from tagger.web.language import Speaks
from tagger.web.services import By, Parts

MOST_OFFSET = 100_000

router = APIRouter(tags=["review"], responses=problems(401, 403, 422, 503))


@router.get("/review")
def queue(
    services: Parts,
    visitor: By,
    language: Speaks,
    query: QueryText = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 200,
    offset: Annotated[int, Query(ge=0, le=MOST_OFFSET, description="How many come before.")] = 0,
) -> ReviewOut:
    """The photos that nobody has decided about, those that teach most first, and those that you skipped last.

    Without a query these are the tagged ones.
    """
    with services.store.read() as connection:
        filters = TagFilter(query=services.query(connection, query))
        total, first = first_of_review(connection, filters, who=visitor.who, limit=offset + limit)
        photos = tiles_in_order(connection, [candidate.photo for candidate in first[offset:]])
    return ReviewOut(total=total, photos=tiles_out(photos, language))


@router.post("/photos/{sha256}/skip", status_code=204, responses=problems(404))
def skip(services: Parts, visitor: By, sha256: Digest) -> None:
    """Let a photo come last in your reviews."""
    with services.store.write() as connection:
        skip_photo(connection, find_photo(connection, sha256), who=visitor.who)


@router.delete("/photos/{sha256}/skip", status_code=204, responses=problems(404))
def unskip(services: Parts, visitor: By, sha256: Digest) -> None:
    """Let a photo have its place again."""
    with services.store.write() as connection:
        unskip_photo(connection, find_photo(connection, sha256), who=visitor.who)

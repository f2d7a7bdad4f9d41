"""Where the pages of a gallery begin, so that a scroll bar leads to any of them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, literal, null, select, union_all

from db.dialect import month_of
from db.read.gallery.matching import matching
from db.read.gallery.tiles import Cursor
from db.read.query_language.tree import ALL, Node
from db.schema.models import Photo

NEWEST_FIRST = (Photo.taken_at.desc(), Photo.id.desc())


@dataclass(frozen=True, slots=True)
class Month:
    """A month, such as 2024-07, and how many newer photos there are."""

    month: str
    start: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """The photos that a query finds, without the photos.

    Args:
        total: how many there are.
        page_size: photos on a page.
        pages: where each page begins: after which photo. The first begins after none.
        months: those with photos, the newest first.
    """

    total: int
    page_size: int
    pages: tuple[Cursor | None, ...]
    months: tuple[Month, ...]


def timeline(connection: Connection, query: Node = ALL, *, page_size: int = 200) -> Timeline:
    """The timeline of what a query finds, in one pass over it; errors as for `tiles`."""
    place = func.row_number().over(order_by=NEWEST_FIRST).label("place")
    photo = select(Photo.taken_at, Photo.id, place).where(matching(connection, query)).cte().c
    month = month_of(photo.taken_at)
    ends = select(photo.taken_at, photo.id, null().label("month"), photo.place, literal(0).label("photos"))
    months = select(null(), null(), month, func.min(photo.place), func.count()).group_by(month)
    rows = connection.execute(union_all(ends.where(photo.place % page_size == 0), months)).all()
    total = sum(row.photos for row in rows)
    pages = sorted((row.place, Cursor(row.taken_at, row.id)) for row in rows if row.month is None)
    starts = sorted((row.place - 1, row.month) for row in rows if row.month is not None)
    ends_before = (cursor for at, cursor in pages if at < total)
    return Timeline(
        total,
        page_size,
        (None, *ends_before) if total else (),
        tuple(Month(name, start) for start, name in starts),
    )

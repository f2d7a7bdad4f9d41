"""Where the pages of a gallery begin, so that a scroll bar leads to any of them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, or_, select

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
    month = month_of(Photo.taken_at).label("month")
    numbered = (
        select(Photo.taken_at, Photo.id, month)
        .add_columns(func.row_number().over(order_by=NEWEST_FIRST).label("place"))
        .add_columns(func.lag(month).over(order_by=NEWEST_FIRST).label("newer_month"))
        .add_columns(func.count().over().label("total"))
        .where(matching(connection, query))
        .subquery()
    )
    row = numbered.c
    begins_month = or_(row.newer_month.is_(None), row.newer_month != row.month)
    found = connection.execute(
        select(numbered, begins_month.label("begins_month"))
        .where(or_(row.place % page_size == 0, begins_month))
        .order_by(row.place)
    ).all()
    total: int = found[0].total if found else 0
    ends = [Cursor(one.taken_at, one.id) for one in found if one.place % page_size == 0 and one.place < total]
    months = tuple(Month(one.month, one.place - 1) for one in found if one.begins_month)
    return Timeline(total, page_size, (None, *ends) if total else (), months)

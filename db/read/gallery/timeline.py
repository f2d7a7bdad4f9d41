"""Where the pages of a gallery begin, so that a scroll bar leads to any of them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from db.read.gallery.matching import matching
from db.read.gallery.tiles import Cursor
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


def timeline(connection: Connection, query: str, *, page_size: int = 200) -> Timeline:
    """The timeline of what a query finds; errors as for `tiles`."""
    found = matching(connection, query)
    place = func.row_number().over(order_by=NEWEST_FIRST).label("place")
    numbered = select(Photo.taken_at, Photo.id, place).where(found).subquery()
    ends = select(numbered.c.taken_at, numbered.c.id).where(numbered.c.place % page_size == 0)
    cursors = [Cursor(*row) for row in connection.execute(ends.order_by(numbered.c.place))]
    month = func.strftime("%Y-%m", Photo.taken_at).label("month")
    counted = connection.execute(select(month, func.count()).where(found).group_by(month).order_by(month.desc()))
    months, total = [], 0
    for name, photos in counted:
        months.append(Month(name, total))
        total += photos
    pages = [None, *cursors][: -(-total // page_size)]
    return Timeline(total, page_size, tuple(pages), tuple(months))

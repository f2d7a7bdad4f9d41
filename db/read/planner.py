"""Where a listing starts: at the first path, or with the photos of its rarest filter.

A walk by path is fast if hits are frequent, and slow if they are rare and late. So each filter with an index names the
set of photos that may pass it, and if one of the sets is small, the listing looks up its members and sorts them.

The one rule: a set may have too many photos, but never too few. The listing still tests each, so a set never changes
the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    SQLColumnExpression,
    and_,
    func,
    select,
    true,
    union_all,
)

from db.read.filters import PhotoFilter, TagFilter
from db.rows import PhotoStatus
from db.schema.models import Assessment, Decision, Photo, Suggestion

if TYPE_CHECKING:
    from db.schema.base import AnySelect

    PhotoSet = AnySelect | CompoundSelect[*tuple[Any, ...]]

FEW = 10_000  # this many photos are looked up and sorted in about 30 ms


def from_rarest(
    connection: Connection, listing: AnySelect, column: SQLColumnExpression[Any], sets: Iterable[PhotoSet]
) -> AnySelect:
    """Start a listing from the smallest set, if it is small enough.

    Args:
        listing: the files in the order of their paths.
        column: the listing's column that the sets hold.
        sets: supersets of the photos that the listing may find.
    """
    sized = [(_size(connection, candidates), candidates) for candidates in sets]
    size, smallest = min(sized, key=lambda pair: pair[0], default=(FEW + 1, None))
    if smallest is None or size > FEW:
        return listing
    return listing.where(column.in_(smallest))


def tag_sets(filters: TagFilter, landmarks: Sequence[int] | None, models: Sequence[int] | None) -> list[PhotoSet]:
    """The sets of photos that may have a tag that passes the filters."""
    sets = _photo_sets(filters)
    if landmarks is not None:
        suggested = select(Suggestion.photo_id).where(Suggestion.is_tag, Suggestion.landmark_id.in_(landmarks))
        sets.append(union_all(suggested, _decisions().where(Decision.landmark_id.in_(landmarks))))
    if models is not None:
        sets.append(union_all(_answered("tagged", models), _decisions()))
    return sets


def none_sets(filters: PhotoFilter, models: Sequence[int] | None) -> list[PhotoSet]:
    """The sets of photos that may have no tag and pass the filters."""
    return [*_photo_sets(filters), union_all(_answered("none", models), _decisions())]


def between(column: SQLColumnExpression[Any], since: datetime | None, until: datetime | None) -> ColumnElement[bool]:
    """Whether a moment is in a range; None is no bound."""
    conditions = [column >= since] if since else []
    return and_(true(), *conditions, *([column < until] if until else []))


def _photo_sets(filters: PhotoFilter) -> list[PhotoSet]:
    sets: list[PhotoSet] = []
    if filters.run is not None:
        sets.append(select(Assessment.photo_id).where(Assessment.run_id == filters.run))
    if filters.taken_since or filters.taken_until:
        sets.append(select(Photo.id).where(between(Photo.taken_at, filters.taken_since, filters.taken_until)))
    if filters.answered_since or filters.answered_until:
        since, until = filters.answered_since, filters.answered_until
        assessed = select(Assessment.photo_id).where(between(Assessment.assessed_at, since, until))
        sets.append(union_all(assessed, _decisions().where(between(Decision.decided_at, since, until))))
    return sets


def _answered(status: PhotoStatus, models: Sequence[int] | None) -> AnySelect:
    answered = select(Assessment.photo_id).where(Assessment.status == status)
    return answered if models is None else answered.where(Assessment.model_id.in_(models))


def _decisions() -> AnySelect:
    return select(Decision.photo_id).where(Decision.revoked_at.is_(None), Decision.is_trusted)


def _size(connection: Connection, photos: PhotoSet) -> int:
    """The number of photos in a set, counted only as far as necessary."""
    return connection.execute(select(func.count()).select_from(photos.limit(FEW + 1).subquery())).scalar_one()

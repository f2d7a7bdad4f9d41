"""Where a listing starts: at the first path, or at the rarest of its filters.

A walk by path is fast if hits are frequent, and long if they are few and lie late. So each filter that has an index
names the set of photos that may pass it; if one of the sets is small, the listing looks up its members and sorts
them. A set may hold too many, never too few: the listing still checks each, so this never changes an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
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

FEW = 10_000  # looked up and sorted in about 30 ms

if TYPE_CHECKING:
    AnySelect = Select[*tuple[Any, ...]]
    PhotoSet = AnySelect | CompoundSelect[*tuple[Any, ...]]


def to_rarest(
    connection: Connection, listing: AnySelect, column: SQLColumnExpression[Any], sets: Iterable[PhotoSet]
) -> AnySelect:
    """The same listing, started from the smallest of the sets if that is small enough.

    Args:
        column: what the sets hold.
    """
    sized = [(_size(connection, some), some) for some in sets]
    size, smallest = min(sized, key=lambda pair: pair[0], default=(FEW + 1, None))
    if smallest is None or size > FEW:
        return listing
    return listing.where(column.in_(smallest))


def tag_sets(wanted: TagFilter, landmarks: Sequence[int] | None, models: Sequence[int] | None) -> list[PhotoSet]:
    """Photos that may have a tag that passes the filter."""
    sets = _photo_sets(wanted)
    if landmarks is not None:
        suggested = select(Suggestion.photo_id).where(Suggestion.is_tag, Suggestion.landmark_id.in_(landmarks))
        sets.append(union_all(suggested, _decided().where(Decision.landmark_id.in_(landmarks))))
    if models is not None:
        sets.append(union_all(_answered("tagged", models), _decided()))
    return sets


def none_sets(wanted: PhotoFilter, models: Sequence[int] | None) -> list[PhotoSet]:
    """Photos that may have no tag."""
    return [*_photo_sets(wanted), union_all(_answered("none", models), _decided())]


def between(column: SQLColumnExpression[Any], since: datetime | None, until: datetime | None) -> ColumnElement[bool]:
    conditions = [column >= since] if since else []
    return and_(true(), *conditions, *([column < until] if until else []))


def _photo_sets(wanted: PhotoFilter) -> list[PhotoSet]:
    sets: list[PhotoSet] = []
    if wanted.run is not None:
        sets.append(select(Assessment.photo_id).where(Assessment.run_id == wanted.run))
    if wanted.taken_since or wanted.taken_until:
        sets.append(select(Photo.id).where(between(Photo.taken_at, wanted.taken_since, wanted.taken_until)))
    if wanted.answered_since or wanted.answered_until:
        since, until = wanted.answered_since, wanted.answered_until
        assessed = select(Assessment.photo_id).where(between(Assessment.assessed_at, since, until))
        sets.append(union_all(assessed, _decided().where(between(Decision.decided_at, since, until))))
    return sets


def _answered(status: PhotoStatus, models: Sequence[int] | None) -> AnySelect:
    answered = select(Assessment.photo_id).where(Assessment.status == status)
    return answered if models is None else answered.where(Assessment.model_id.in_(models))


def _decided() -> AnySelect:
    return select(Decision.photo_id).where(Decision.revoked_at.is_(None))


def _size(connection: Connection, photos: PhotoSet) -> int:
    """Counted no further than needed."""
    return connection.execute(select(func.count()).select_from(photos.limit(FEW + 1).subquery())).scalar_one()

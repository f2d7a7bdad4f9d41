"""The photos that people may review: which they are, and what helps to decide about one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, and_, func, select, true, tuple_
from sqlalchemy.orm import aliased

from db.dialect import whole
from db.read.rows import NearbyPhoto, ReviewPhoto, VoteCount
from db.schema.models import Decision, File, Photo, Skip, Suggestion
from db.schema.views import TABLES, trusted_decision
from tagger.core import types
from tagger.core.evidence import parse_evidence

if TYPE_CHECKING:
    from db.schema.base import AnySelect

MARGIN_STEP = 0.1  # margins within a step count as equal, so that rare landmarks come before common ones
NEARBY = timedelta(hours=1)  # between two photos of one occasion
NEARBY_ROWS = 50  # photos looked at, of which most may be in other folders


class Candidate(NamedTuple):
    """A photo to review."""

    photo: int  # its row id
    landmark: int  # the row id of the best suggestion's
    margin: float  # the first score minus the second
    skipped_at: datetime | None  # the person skipped it in an earlier review


def candidates(
    connection: Connection,
    *,
    who: str,
    condition: ColumnElement[bool] | None = None,
    margin_below: float | None = None,
    limit: int | None = None,
) -> tuple[int, list[Candidate]]:
    """The photos that the current model answered and no trusted person has decided about, in the order of a review.

    Those that the person skipped come last. Of the others come first those with the smallest margins, in steps, and
    within a step those whose landmark was suggested as a tag least often.

    Args:
        connection: any.
        who: the person who reviews.
        condition: on the photo, see `db.read.gallery.matching`; None for those that the model tagged and whose file is
            present.
        margin_below: only those with a smaller margin.
        limit: the most photos.

    Returns:
        How many there are, and the first of them.
    """
    found = _candidates(who, condition, margin_below).cte("candidate")
    tag = select(Suggestion.landmark_id, func.count().label("tags")).where(Suggestion.is_tag)
    tags = tag.group_by(Suggestion.landmark_id).subquery()
    total = select(func.count()).select_from(found).scalar_subquery()
    rows = select(found.c.id, found.c.landmark_id, found.c.margin, found.c.skipped_at, total)
    rows = rows.outerjoin(tags, tags.c.landmark_id == found.c.landmark_id)
    step = whole(found.c.margin / MARGIN_STEP)
    order = (found.c.skipped_at.nulls_first(), step, func.coalesce(tags.c.tags, 0), found.c.margin, found.c.id)
    first = connection.execute(rows.order_by(*order).limit(limit)).all()
    return (first[0][-1] if first else 0), [Candidate(*row[:-1]) for row in first]


def _candidates(who: str, condition: ColumnElement[bool] | None, margin_below: float | None) -> AnySelect:
    first, second = aliased(Suggestion), aliased(Suggestion)
    of_second = (second.photo_id == first.photo_id, second.model_id == first.model_id, second.rank == 2)
    is_decided = select(trusted_decision.c.id).where(trusted_decision.c.photo_id == Photo.id).exists()
    if condition is None:
        is_present = select(File.id).where(File.photo_id == Photo.id, File.gone_at.is_(None)).exists()
        # Not simply `is_tag`: SQLite would walk an index by score, and look up photos all over the table.
        condition = and_(first.is_tag.is_not(False), is_present)
    margin = (first.score - func.coalesce(second.score, 0.0)).label("margin")
    return (
        select(Photo.id, first.landmark_id, margin, Skip.skipped_at)
        .join(first, and_(first.photo_id == Photo.id, first.model_id == Photo.current_model_id, first.rank == 1))
        .outerjoin(second, and_(*of_second))
        .outerjoin(Skip, and_(Skip.photo_id == Photo.id, Skip.who == who))
        .where(~is_decided, condition, true() if margin_below is None else margin < margin_below)
    )


def is_decided(connection: Connection, photo: int) -> bool:
    """Whether a trusted person has decided about a photo."""
    decision = select(trusted_decision.c.id).where(trusted_decision.c.photo_id == photo).limit(1)
    return connection.execute(decision).first() is not None


def present_files(connection: Connection, photo: int) -> list[tuple[str, int | None, int | None]]:
    """The files of a photo that the last scan found: path, size in bytes, and modification time in ns."""
    files = select(File.path, File.size_bytes, File.mtime_ns).where(File.photo_id == photo, File.gone_at.is_(None))
    return [(row.path, row.size_bytes, row.mtime_ns) for row in connection.execute(files.order_by(File.path))]


def review_photo(
    connection: Connection, photo: int, path: str, landmarks: Mapping[int, types.Landmark]
) -> ReviewPhoto | None:
    """What helps to decide about a photo; None if the current model no longer has an answer.

    Args:
        connection: any.
        photo: its row id.
        path: one of its files.
        landmarks: all, by row id.
    """
    row = connection.execute(select(Photo.__table__).where(Photo.id == photo)).first()
    if row is None or not (suggestions := _suggestions(connection, row, landmarks)):
        return None
    position = None if row.lat is None or row.lon is None else types.Position(row.lat, row.lon)
    return ReviewPhoto(
        path,
        row.sha256,
        row.taken_at,
        row.taken_from,
        position,
        suggestions,
        _votes(connection, photo, landmarks),
        _nearby(connection, row, path, landmarks, is_before=True),
        _nearby(connection, row, path, landmarks, is_before=False),
    )


def _suggestions(
    connection: Connection, photo: Row[tuple[object, ...]], landmarks: Mapping[int, types.Landmark]
) -> tuple[types.Suggestion, ...]:
    of_photo = (Suggestion.photo_id == photo.id, Suggestion.model_id == photo.current_model_id)
    rows = connection.execute(select(Suggestion.__table__).where(*of_photo).order_by(Suggestion.rank)).all()
    return tuple(
        types.Suggestion(
            row.rank,
            landmarks[row.landmark_id],
            row.score,
            row.is_tag,
            row.visual_score if row.reason else None,
            parse_evidence(row.reason, landmarks[row.landmark_id].id),
        )
        for row in rows
    )


def _votes(connection: Connection, photo: int, landmarks: Mapping[int, types.Landmark]) -> tuple[VoteCount, ...]:
    people = func.count(Decision.who.distinct()).label("people")
    votes = (
        select(people, Decision.verdict, Decision.landmark_id)
        .where(Decision.photo_id == photo, Decision.revoked_at.is_(None), ~Decision.is_trusted)
        .group_by(Decision.verdict, Decision.landmark_id)
        .order_by(people.desc(), Decision.landmark_id.nulls_first())
    )
    return tuple(
        VoteCount(count, verdict, None if landmark is None else landmarks[landmark].name)  # type: ignore[arg-type]
        for count, verdict, landmark in connection.execute(votes)
    )


def _nearby(
    connection: Connection,
    photo: Row[tuple[object, ...]],
    path: str,
    landmarks: Mapping[int, types.Landmark],
    *,
    is_before: bool,
) -> NearbyPhoto | None:
    """The nearest photo in time on one side, if it is of the same occasion and in the same folder."""
    if photo.taken_from == "mtime":  # often that of a copy
        return None
    this, other = tuple_(photo.taken_at, photo.id), tuple_(Photo.taken_at, Photo.id)
    order: Sequence[ColumnElement[Any]]
    if is_before:
        side = and_(other < this, Photo.taken_at >= photo.taken_at - NEARBY)
        order = [Photo.taken_at.desc(), Photo.id.desc()]
    else:
        side = and_(other > this, Photo.taken_at <= photo.taken_at + NEARBY)
        order = [Photo.taken_at.asc(), Photo.id.asc()]
    rows = select(Photo.id, Photo.taken_at, File.path).join(File, File.photo_id == Photo.id)
    rows = rows.where(side, File.gone_at.is_(None)).order_by(*order).limit(NEARBY_ROWS)
    for nearby, taken_at, nearby_path in connection.execute(rows):
        if os.path.dirname(nearby_path) == os.path.dirname(path):
            seconds = round(abs((taken_at - photo.taken_at).total_seconds()))
            return NearbyPhoto(seconds, _shown(connection, nearby, landmarks))
    return None


def _shown(connection: Connection, photo: int, landmarks: Mapping[int, types.Landmark]) -> str | None:
    """The name of the landmark that a photo shows: what people say first, then the best tag."""
    for name in ("person_tag", "machine_tag"):
        view = TABLES[name]
        shown = (
            select(view.c.landmark_id)
            .where(view.c.photo_id == photo, view.c.is_current)
            .order_by(view.c.rank.nulls_first())
        )
        if (landmark := connection.execute(shown.limit(1)).scalar()) is not None:
            return landmarks[landmark].name
    return None

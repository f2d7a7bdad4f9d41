"""Listings: the tags, the photos without a known landmark, and the files that failed, in pages.

A listing walks the files in the byte order of their paths and tests each, so that the cost of a page depends on its
length. `db.read.planner` shortens the walk if a filter is rare.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, Connection, TableClause, and_, or_, select, true

from db.read import planner, unique
from db.read.catalog import country_landmark_ids, landmark_id, model_ids, run
from db.read.files import below
from db.read.filters import FileFilter, PhotoFilter, TagFilter
from db.read.planner import between
from db.read.rows import FailureHit, HitT, NoneHit, Page, TagHit
from db.schema.models import Assessment, Failure, File, Landmark, Model, Photo
from db.schema.views import machine_tag, person_tag, tag, trusted_decision

if TYPE_CHECKING:
    from db.schema.base import AnySelect

FilterT = TypeVar("FilterT", bound=FileFilter, contravariant=True)


@dataclass(frozen=True, slots=True)
class NameIds:
    """The names in a filter as row ids; None if the filter has none."""

    landmarks: Sequence[int] | None
    models: Sequence[int] | None


def tags(connection: Connection, filters: TagFilter, *, after: str | None = None, limit: int = 50) -> Page[TagHit]:
    """The tags of up to `limit` files; a file's decisions come first, then tags by rank.

    Args:
        after: where the previous page ended.
        limit: files on the page.

    Raises:
        UnknownName: the filter names an unknown landmark, country, model or run.
    """
    ids = _name_ids(connection, filters)
    views = (machine_tag, person_tag)
    has_tag = or_(*(_has(view, _tag_conditions(view, filters, ids)) for view in views))
    files = _photos(filters, after, has_tag)
    files = planner.from_rarest(connection, files, File.photo_id, planner.tag_sets(filters, ids.landmarks, ids.models))
    rows, next_after, others = _page_of_photos(connection, files, limit, filters, has_tag)
    return Page(tuple(_tag_hits(connection, rows, _tag_conditions(tag, filters, ids), others)), next_after)


def nones(connection: Connection, filters: PhotoFilter, *, after: str | None = None, limit: int = 50) -> Page[NoneHit]:
    """The answered photos without a tag by the machine or by people.

    Raises:
        UnknownName: the filter names an unknown model or run.
    """
    ids = _name_ids(connection, filters)
    without_tag = and_(_is_none(filters, ids), ~_has(person_tag, true()))
    files = _photos(filters, after, without_tag).add_columns(_decisions().exists().label("decided"))
    files = planner.from_rarest(connection, files, File.photo_id, planner.none_sets(filters, ids.models))
    rows, next_after, others = _page_of_photos(connection, files, limit, filters, without_tag)
    hits = (
        NoneHit(
            row.path,
            row.sha256,
            "person" if row.decided else "machine",
            row.taken_at,
            others.get(row.id, 0),
            row.taken_from,
        )
        for row in rows
    )
    return Page(tuple(hits), next_after)


def failures(
    connection: Connection, filters: FileFilter, *, after: str | None = None, limit: int = 50
) -> Page[FailureHit]:
    """The files that could not be read when last tried, and why.

    Raises:
        UnknownRun: the filter names an unknown run.
    """
    if filters.run is not None:
        run(connection, filters.run)
    last_at = between(Failure.last_at, filters.answered_since, filters.answered_until)
    by_run = true() if filters.run is None else Failure.run_id == filters.run
    tried = (Failure.attempts, Failure.first_at, Failure.last_at, Failure.run_id)
    columns = (Failure.kind, Failure.message, *tried, Failure.next_at, Failure.quarantined_at)
    files = select(File.path, *columns).join(Failure).where(in_reach(filters, after), last_at, by_run)
    files = planner.from_rarest(connection, files, File.id, [select(Failure.file_id)])
    rows, next_after = _page(connection, files.order_by(File.path), limit)
    return Page(tuple(FailureHit(*row) for row in rows), next_after)


class Listing(Protocol[FilterT, HitT]):
    """`tags`, `nones` or `failures`."""

    def __call__(
        self, connection: Connection, filters: FilterT, /, *, after: str | None = None, limit: int = 50
    ) -> Page[HitT]: ...


def all_hits(
    listing: Listing[FilterT, HitT], connection: Connection, filters: FilterT, *, page_size: int = 1000
) -> Iterator[HitT]:
    """Yield all hits of a listing, page by page, so that memory does not grow with their number."""
    after: str | None = None
    while True:
        page = listing(connection, filters, after=after, limit=page_size)
        yield from page.hits
        after = page.next_after
        if after is None:
            return


def _name_ids(connection: Connection, filters: PhotoFilter) -> NameIds:
    if filters.run is not None:
        run(connection, filters.run)
    models = None if filters.model is None else model_ids(connection, filters.model)
    if not isinstance(filters, TagFilter):
        return NameIds(None, models)
    landmarks = []
    if filters.landmarks:
        landmarks.append({landmark_id(connection, name) for name in filters.landmarks})
    if filters.countries:
        landmarks.append({id_ for name in filters.countries for id_ in country_landmark_ids(connection, name)})
    return NameIds(sorted(set.intersection(*landmarks)) if landmarks else None, models)


def _photos(filters: PhotoFilter, after: str | None, is_hit: ColumnElement[bool]) -> AnySelect:
    columns = (File.path, Photo.id, Photo.sha256, Photo.taken_at, Photo.taken_from)
    passes = (in_reach(filters, after), _taken(filters), is_hit)
    return select(*columns).join(Photo).where(*passes).order_by(File.path)


def in_reach(filters: FileFilter, after: str | None = None) -> ColumnElement[bool]:
    """Whether a file passes the filters of its path, and comes after a path."""
    conditions: list[ColumnElement[bool]] = []
    if filters.under is not None:
        conditions.append(below(filters.under, after))
    elif after is not None:
        conditions.append(File.path > after)
    if not filters.include_gone:
        conditions.append(File.gone_at.is_(None))
    return and_(true(), *conditions)


def _taken(filters: PhotoFilter) -> ColumnElement[bool]:
    return between(Photo.taken_at, filters.taken_since, filters.taken_until)


def _is_none(filters: PhotoFilter, ids: NameIds) -> ColumnElement[bool]:
    """Whether a person said "none" about a photo, or the relevant model has answered it and no tag is left."""
    since, until = filters.answered_since, filters.answered_until
    decided = _decisions().where(between(trusted_decision.c.decided_at, since, until))
    answered = select(Assessment.k).where(
        Assessment.photo_id == Photo.id,
        Assessment.status != "undone",
        _by_model(filters, ids),
        or_(between(Assessment.assessed_at, since, until), decided.exists()),
        ~_has(machine_tag, machine_tag.c.model_id == Assessment.model_id),
    )
    if filters.run is not None:
        return answered.correlate(Photo).exists()
    return or_(answered.correlate(Photo).exists(), decided.where(trusted_decision.c.verdict == "none").exists())


def _decisions() -> AnySelect:
    return select(trusted_decision.c.id).where(trusted_decision.c.photo_id == Photo.id).correlate(Photo)


def _tag_conditions(view: TableClause, filters: TagFilter, ids: NameIds) -> ColumnElement[bool]:
    is_persons = view.c.source == "person"  # people's tags have no score and no model, and pass such filters
    conditions = [between(view.c.tagged_at, filters.answered_since, filters.answered_until)]
    if ids.landmarks is not None:
        conditions.append(view.c.landmark_id.in_(ids.landmarks))
    if filters.min_score is not None:
        conditions.append(or_(view.c.score >= filters.min_score, is_persons))
    if filters.run is not None:
        conditions.append(view.c.run_id == filters.run)
    if ids.models is not None:
        conditions.append(or_(view.c.model_id.in_(ids.models), is_persons))
    elif filters.run is None:
        conditions.append(view.c.is_current == 1)
    return and_(*conditions)


def _by_model(filters: PhotoFilter, ids: NameIds) -> ColumnElement[bool]:
    """Whether an assessment counts: the filter's model's or run's, else the current model's."""
    conditions: list[ColumnElement[bool]] = []
    if ids.models is not None:
        conditions.append(Assessment.model_id.in_(ids.models))
    if filters.run is not None:
        conditions.append(Assessment.run_id == filters.run)
    return and_(*conditions) if conditions else Assessment.model_id == Photo.current_model_id


def _has(view: TableClause, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    tags_of_photo = select(view.c.landmark_id).where(view.c.photo_id == Photo.id, condition)
    return tags_of_photo.correlate(Photo, Assessment).exists()


def _page(connection: Connection, files: AnySelect, limit: int) -> tuple[Sequence[Any], str | None]:
    """The rows of a page, and where the next one starts; one extra row tells whether there is one."""
    return _cut(connection.execute(files.limit(limit + 1)).all(), limit)


def _page_of_photos(
    connection: Connection, files: AnySelect, limit: int, filters: PhotoFilter, is_hit: ColumnElement[bool]
) -> tuple[Sequence[Any], str | None, dict[int, int]]:
    """Like `_page`, with the number of others that each photo stands for if the listing is of unique photos."""
    if not filters.unique:
        return *_page(connection, files, limit), {}
    passes = and_(in_reach(filters), _taken(filters), is_hit)
    rows, others = unique.best_of_groups(connection, files, limit + 1, passes)
    return *_cut(rows, limit), others


def _cut(rows: Sequence[Any], limit: int) -> tuple[Sequence[Any], str | None]:
    return rows[:limit], rows[limit - 1].path if len(rows) > limit else None


def _tag_hits(
    connection: Connection, files: Sequence[Any], condition: ColumnElement[bool], others: dict[int, int]
) -> Iterator[TagHit]:
    if not files:  # an empty IN list would make SQLite collect all tags first
        return
    of_photo: dict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(_details({file.id for file in files}, condition)):
        of_photo[row.photo_id].append(row[1:])
    for file in files:
        for details in of_photo[file.id]:
            reason = json.loads(details[-1]) if details[-1] else None
            values = (*details[:-1], reason, others.get(file.id, 0), file.taken_from)
            yield TagHit(file.path, file.sha256, file.taken_at, *values)


def _details(photo_ids: set[int], condition: ColumnElement[bool]) -> AnySelect:
    place = (Landmark.key, Landmark.name, Landmark.country, Landmark.city, Landmark.lat, Landmark.lon)
    by = (tag.c.source, tag.c.rank, tag.c.score, Model.name, Model.version, tag.c.run_id)
    return (
        select(tag.c.photo_id, *place, *by, tag.c.tagged_at, tag.c.visual_score, tag.c.reason)
        .join(Landmark, Landmark.id == tag.c.landmark_id)
        .outerjoin(Model, Model.id == tag.c.model_id)
        .where(tag.c.photo_id.in_(photo_ids), condition)
        .order_by(tag.c.source.desc(), tag.c.rank, Landmark.key)
    )

"""Listings in pages: the tags, the photos without a landmark, the files that failed.

Every listing walks the files in the order of their paths and asks of each whether it qualifies, so that a page
costs as much as the page is long. `db.read.planner` shortens the walk where a filter is rare.
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
from db.read.filters import FailureHit, FileFilter, HitT, NoneHit, Page, PhotoFilter, TagFilter, TagHit
from db.read.planner import between
from db.schema.models import Assessment, Decision, Failure, File, Landmark, Model, Photo
from db.schema.views import machine_tag, person_tag, tag

if TYPE_CHECKING:
    from db.read.planner import AnySelect

FilterT = TypeVar("FilterT", bound=FileFilter, contravariant=True)


@dataclass(frozen=True, slots=True)
class Named:
    """A filter's names as numbers in the tables; None where it does not ask."""

    landmarks: Sequence[int] | None
    models: Sequence[int] | None


def tags(connection: Connection, wanted: TagFilter, *, after: str | None = None, limit: int = 50) -> Page[TagHit]:
    """The tags of up to `limit` files: per file people's first, then by rank.

    Raises:
        UnknownName: the filter names a landmark, country, model or run that is not there.
    """
    named = _named(connection, wanted)
    views = (machine_tag, person_tag)
    has_tag = or_(*(_has(view, _tag_conditions(view, wanted, named)) for view in views))
    files = _photos(wanted, after, has_tag)
    files = planner.to_rarest(connection, files, File.photo_id, planner.tag_sets(wanted, named.landmarks, named.models))
    rows, next_after, others = _page_of_photos(connection, files, limit, wanted, has_tag)
    return Page(tuple(_tag_hits(connection, rows, _tag_conditions(tag, wanted, named), others)), next_after)


def nones(connection: Connection, wanted: PhotoFilter, *, after: str | None = None, limit: int = 50) -> Page[NoneHit]:
    """The photos that a model has seen and that have no tag, be it by the machine or by people.

    Raises:
        UnknownName: the filter names a model or run that is not there.
    """
    named = _named(connection, wanted)
    without_tag = and_(_was_seen(wanted, named), ~_has(person_tag, true()))
    files = _photos(wanted, after, without_tag).add_columns(_decided().exists().label("decided"))
    files = planner.to_rarest(connection, files, File.photo_id, planner.none_sets(wanted, named.models))
    rows, next_after, others = _page_of_photos(connection, files, limit, wanted, without_tag)
    hits = (
        NoneHit(row.path, row.sha256, "person" if row.decided else "machine", row.taken_at, others.get(row.id, 0))
        for row in rows
    )
    return Page(tuple(hits), next_after)


def failures(
    connection: Connection, wanted: FileFilter, *, after: str | None = None, limit: int = 50
) -> Page[FailureHit]:
    """The files that could not be read when last tried, each with its reason.

    Raises:
        UnknownRun: the filter names a run that is not there.
    """
    if wanted.run is not None:
        run(connection, wanted.run)
    last_at = between(Failure.last_at, wanted.answered_since, wanted.answered_until)
    by_run = true() if wanted.run is None else Failure.run_id == wanted.run
    tried = (Failure.attempts, Failure.first_at, Failure.last_at, Failure.run_id)
    columns = (Failure.kind, Failure.message, *tried, Failure.next_at, Failure.quarantined_at)
    files = select(File.path, *columns).join(Failure).where(_in_reach(wanted, after), last_at, by_run)
    files = planner.to_rarest(connection, files, File.id, [select(Failure.file_id)])
    rows, next_after = _page(connection, files.order_by(File.path), limit)
    return Page(tuple(FailureHit(*row) for row in rows), next_after)


class Listing(Protocol[FilterT, HitT]):
    """`tags`, `nones` or `failures`."""

    def __call__(
        self, connection: Connection, wanted: FilterT, /, *, after: str | None = None, limit: int = 50
    ) -> Page[HitT]: ...


def every(
    listing: Listing[FilterT, HitT], connection: Connection, wanted: FilterT, *, page_size: int = 1000
) -> Iterator[HitT]:
    """All hits of a listing, page by page: memory does not grow with their number."""
    after: str | None = None
    while True:
        page = listing(connection, wanted, after=after, limit=page_size)
        yield from page.hits
        after = page.next_after
        if after is None:
            return


def _named(connection: Connection, wanted: PhotoFilter) -> Named:
    if wanted.run is not None:
        run(connection, wanted.run)
    models = None if wanted.model is None else model_ids(connection, wanted.model)
    if not isinstance(wanted, TagFilter):
        return Named(None, models)
    asked = []
    if wanted.landmark is not None:
        asked.append({landmark_id(connection, wanted.landmark)})
    if wanted.country is not None:
        asked.append(set(country_landmark_ids(connection, wanted.country)))
    return Named(sorted(set.intersection(*asked)) if asked else None, models)


def _photos(wanted: PhotoFilter, after: str | None, has_answer: ColumnElement[bool]) -> AnySelect:
    columns = (File.path, Photo.id, Photo.sha256, Photo.taken_at)
    passes = (_in_reach(wanted, after), _taken(wanted), has_answer)
    return select(*columns).join(Photo).where(*passes).order_by(File.path)


def _in_reach(wanted: FileFilter, after: str | None = None) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.under is not None:
        conditions.append(below(wanted.under, after))
    elif after is not None:
        conditions.append(File.path > after)
    if not wanted.include_gone:
        conditions.append(File.gone_at.is_(None))
    return and_(true(), *conditions)


def _taken(wanted: PhotoFilter) -> ColumnElement[bool]:
    return between(Photo.taken_at, wanted.taken_since, wanted.taken_until)


def _was_seen(wanted: PhotoFilter, named: Named) -> ColumnElement[bool]:
    """A model that counts has looked at it and left no tag on it."""
    since, until = wanted.answered_since, wanted.answered_until
    decided = _decided().where(between(Decision.decided_at, since, until))
    seen = select(Assessment.k).where(
        Assessment.photo_id == Photo.id,
        Assessment.status != "undone",
        _by_model(wanted, named),
        or_(between(Assessment.assessed_at, since, until), decided.exists()),
        ~_has(machine_tag, machine_tag.c.model_id == Assessment.model_id),
    )
    return seen.correlate(Photo).exists()


def _decided() -> AnySelect:
    return select(Decision.id).where(Decision.photo_id == Photo.id, Decision.revoked_at.is_(None)).correlate(Photo)


def _tag_conditions(view: TableClause, wanted: TagFilter, named: Named) -> ColumnElement[bool]:
    is_persons = view.c.source == "person"
    conditions = [between(view.c.tagged_at, wanted.answered_since, wanted.answered_until)]
    if named.landmarks is not None:
        conditions.append(view.c.landmark_id.in_(named.landmarks))
    if wanted.min_score is not None:
        conditions.append(or_(view.c.score >= wanted.min_score, is_persons))
    if wanted.run is not None:
        conditions.append(view.c.run_id == wanted.run)
    if named.models is not None:
        conditions.append(or_(view.c.model_id.in_(named.models), is_persons))
    elif wanted.run is None:
        conditions.append(view.c.is_current == 1)
    return and_(*conditions)


def _by_model(wanted: PhotoFilter, named: Named) -> ColumnElement[bool]:
    """Which model's assessment counts: the asked one's, the run's, else the newest."""
    conditions: list[ColumnElement[bool]] = []
    if named.models is not None:
        conditions.append(Assessment.model_id.in_(named.models))
    if wanted.run is not None:
        conditions.append(Assessment.run_id == wanted.run)
    return and_(*conditions) if conditions else Assessment.model_id == Photo.current_model_id


def _has(view: TableClause, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    tags_of_photo = select(view.c.landmark_id).where(view.c.photo_id == Photo.id, condition)
    return tags_of_photo.correlate(Photo, Assessment).exists()


def _page(connection: Connection, files: AnySelect, limit: int) -> tuple[Sequence[Any], str | None]:
    """One row more than asked tells whether there is another page."""
    return _cut(connection.execute(files.limit(limit + 1)).all(), limit)


def _page_of_photos(
    connection: Connection, files: AnySelect, limit: int, wanted: PhotoFilter, has_answer: ColumnElement[bool]
) -> tuple[Sequence[Any], str | None, dict[int, int]]:
    """Also how many others each photo stands for, where the listing is to have one of each."""
    if not wanted.unique:
        return *_page(connection, files, limit), {}
    passes = and_(_in_reach(wanted), _taken(wanted), has_answer)
    rows, others = unique.first(connection, files, limit + 1, passes)
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
            told = (*details[:-1], json.loads(details[-1]) if details[-1] else None, others.get(file.id, 0))
            yield TagHit(file.path, file.sha256, file.taken_at, *told)


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

"""Listings: the tags, the photos without a known landmark, and the files that failed, in pages.

A listing goes through files in the byte order of their paths and tests each, so that the cost of a page depends on its
length. `db.read.planning.planner` finds out where to look.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, Connection, False_, and_, false, or_, select, true

from db.batching import as_list
from db.dialect import for_sqlite, is_numbered
from db.read.filters import FileFilter, PhotoFilter
from db.read.pages import FilePage, Query, cut, page_of_photos, query_of, walk
from db.read.planning.candidates import answered, decided_photos, union
from db.read.planning.planner import Plan, path_range
from db.read.query_language.expressions import decisions
from db.read.query_language.matching import (
    Failures,
    MachineNones,
    MachineTags,
    PersonNones,
    PersonTags,
    RejectedTags,
    Withdrawals,
    matches,
)
from db.read.query_language.tree import Condition, Text, conditions
from db.read.rows import FailureHit, HitT, NoneHit, Page, TagHit
from db.schema.models import Assessment, Failure, File, Landmark, Model, Photo
from db.schema.views import machine_tag, trusted_decision
from tagger.core.types import Status

if TYPE_CHECKING:
    from db.schema.base import AnySelect

FilterT = TypeVar("FilterT", bound=FileFilter, contravariant=True)

REJECTED = Condition("state", Text(("rejected",)))


def tags(connection: Connection, filters: PhotoFilter, *, after: str | None = None, limit: int = 50) -> Page[TagHit]:
    """The tags of up to `limit` files; a file's decisions come first, then tags by rank.

    The tags that people have rejected are listed only if the query names that state.

    Args:
        connection: any.
        filters: of the listing.
        after: where the previous page ended.
        limit: files on the page.

    Raises:
        UnknownName: the filters name an unknown landmark, place, model or run.
    """
    query = query_of(connection, filters)
    page = page_of_photos(connection, query, "tagged", is_tagged(query), after=after, limit=limit)
    return Page(tuple(_tag_hits(connection, page, query, tag_kinds(query))), page.next_after)


def tag_kinds(query: Query) -> list[MachineTags]:
    """The kinds of tags that a query may find."""
    return [MachineTags(), PersonTags(), *([RejectedTags()] if REJECTED in conditions(query.tree) else [])]


def nones(connection: Connection, filters: PhotoFilter, *, after: str | None = None, limit: int = 50) -> Page[NoneHit]:
    """The answered photos without a tag by the machine or by people; arguments and errors as for `tags`."""
    query = query_of(connection, filters)
    sets = [union(answered("none"), decided_photos())]
    return _none_hits(connection, query, "none", is_none(query), sets, after, limit)


def withdrawn(
    connection: Connection, filters: PhotoFilter, *, after: str | None = None, limit: int = 50
) -> Page[NoneHit]:
    """The photos all of whose answers were undone, and about which nobody has decided; otherwise like `tags`."""
    query = query_of(connection, filters)
    return _none_hits(connection, query, "withdrawn", is_withdrawn(query), [answered("withdrawn")], after, limit)


def failures(
    connection: Connection, filters: FileFilter, *, after: str | None = None, limit: int = 50
) -> Page[FailureHit]:
    """The files that could not be read when last tried, and why; arguments and errors as for `tags`."""
    query = query_of(connection, filters)
    is_present = true() if filters.include_gone else File.gone_at.is_(None)
    tried = (Failure.attempts, Failure.first_at, Failure.last_at, Failure.run_id)
    columns = (Failure.kind, Failure.message, *tried, Failure.next_at, Failure.quarantined_at)
    files = select(File.path, *columns).join(Failure).where(is_present, matches(query.tree, Failures()))
    has_failed = for_sqlite(connection, File.id.in_(select(Failure.file_id)))
    found = Plan([path_range(query.tree, after)], has_failed)
    page = cut(list(walk(connection, files, found, limit=limit + 1)), limit)
    return Page(tuple(FailureHit(*row) for row in page.rows), page.next_after)


class Listing(Protocol[FilterT, HitT]):
    """`tags`, `nones`, `withdrawn` or `failures`."""

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


def is_tagged(query: Query) -> ColumnElement[bool]:
    """Whether the photo of the enclosing query has a tag that matches."""
    return or_(false(), *(_has_tag(rows, query.matches_row(rows)) for rows in tag_kinds(query)))


def is_none(query: Query) -> ColumnElement[bool]:
    """Whether the photo of the enclosing query has an answer that matches, and no tag."""
    said = or_(_is_none_by_machine(query), _is_none_by_person(query))
    return and_(said, ~_has_tag(PersonTags(), true()))


def is_withdrawn(query: Query) -> ColumnElement[bool]:
    """Whether the photo of the enclosing query has only answers that were undone, one of which matches."""
    is_undone = Assessment.status == "undone"
    undone = _assessments(is_undone, query.matches_row(Withdrawals()))
    has_answer = or_(_assessments(~is_undone), decisions().where(trusted_decision.c.verdict != "not").exists())
    return and_(undone, ~has_answer)


def _has_tag(rows: MachineTags, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the photo has a tag of a kind."""
    of_photo = select(rows.view.c.landmark_id).where(rows.view.c.photo_id == Photo.id, condition)
    return false() if _is_never(condition) else of_photo.correlate(Photo, File, Assessment).exists()


def _is_none_by_machine(query: Query) -> ColumnElement[bool]:
    """Whether the machine has an answer that matches, and no tag is left in it."""
    matching = query.matches_row(MachineNones())
    has_tag = _has_tag(MachineTags(), machine_tag.c.model_id == Assessment.model_id)
    return _assessments(Assessment.status != "undone", ~has_tag, matching)


def _is_none_by_person(query: Query) -> ColumnElement[bool]:
    """Whether a person has said "none"."""
    matching = query.matches_row(PersonNones())
    says_none = decisions().where(trusted_decision.c.verdict == "none", matching)
    return false() if _is_never(matching) else says_none.exists()


def _assessments(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the photo has an assessment like this."""
    of_photo = select(Assessment.k).where(Assessment.photo_id == Photo.id, *conditions)
    return false() if any(map(_is_never, conditions)) else of_photo.correlate(Photo, File).exists()


def _is_never(condition: ColumnElement[bool]) -> bool:
    """Whether a condition is known to be false without any row."""
    return isinstance(condition, False_)


def _none_hits(
    connection: Connection,
    query: Query,
    status: Status,
    is_hit: ColumnElement[bool],
    sets: Sequence[AnySelect],
    after: str | None,
    limit: int,
) -> Page[NoneHit]:
    columns = (decisions().exists().label("is_decided"), MachineNones().state_of().label("state"))
    page = page_of_photos(connection, query, status, is_hit, *columns, sets=sets, after=after, limit=limit)
    hits = (
        NoneHit(
            row.path,
            row.sha256,
            "person" if row.is_decided else "machine",
            row.taken_at,
            page.others.get(row.id, 0),
            row.taken_from,
            row.state,
            status,
        )
        for row in page.rows
    )
    return Page(tuple(hits), page.next_after)


def _tag_hits(connection: Connection, page: FilePage, query: Query, kinds: Sequence[MachineTags]) -> Iterator[TagHit]:
    if not page.rows:  # an empty IN list would make SQLite collect all tags first
        return
    of_file: dict[int, list[Any]] = defaultdict(list)
    for rows in kinds:
        condition = query.matches_row(rows)
        if not _is_never(condition):
            for row in connection.execute(_details(page.rows, rows, condition)):
                of_file[row.file_id].append(row)
    for file in page.rows:
        for row in sorted(of_file[file.file_id], key=lambda row: (row.source != "person", row.rank or 0, row.key)):
            reason = json.loads(row.reason) if row.reason else None
            others = page.others.get(file.id, 0)
            values = (*row[1:-2], reason, others, file.taken_from, row.state)
            yield TagHit(file.path, file.sha256, file.taken_at, *values)


def _details(files: Sequence[Any], rows: MachineTags, condition: ColumnElement[bool]) -> AnySelect:
    tag = rows.view.c
    place = (Landmark.key, Landmark.name, Landmark.country, Landmark.city, Landmark.lat, Landmark.lon)
    by = (tag.source, tag.rank, tag.score, Model.name, Model.version, tag.run_id)
    state = rows.state_of().label("state")
    return (
        select(File.id.label("file_id"), *place, *by, tag.tagged_at, tag.visual_score, tag.reason, state)
        .join_from(rows.view, Photo, Photo.id == tag.photo_id)
        .join(File, File.photo_id == Photo.id)
        .join(Landmark, Landmark.id == tag.landmark_id)
        .outerjoin(Model, Model.id == tag.model_id)
        .where(is_numbered(tag.photo_id, as_list(sorted({file.id for file in files}))))
        .where(is_numbered(File.id, as_list(file.file_id for file in files)), condition)
    )

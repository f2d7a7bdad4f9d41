"""What the store already knows of files: the questions of a scan, asked for whole libraries at once."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Connection, Select, and_, bindparam, case, or_, select
from sqlalchemy.orm import aliased

from db.batching import in_batches
from db.read.catalog import landmarks
from db.rows import FileState
from db.schema.models import Assessment, Failure, File, Photo, Suggestion
from tagger.core import types
from tagger.core.evidence import parse_evidence
from tagger.core.types import Answer, Failed, NoLandmark, Result, Tagged, Withdrawn

ROWS_AT_ONCE = 1000  # one by one takes half as long again

# Whether a model has said enough of a photo. What was taken back counts as said, unless it is asked for again.
ANSWERED = and_(
    Assessment.model_id == bindparam("model"),
    case(
        (Assessment.status == "undone", ~bindparam("again", type_=Boolean)),
        else_=Assessment.k >= bindparam("k"),
    ),
)

# Made once: building the statement would take longer than running it.
ASSESSMENT = (
    select(Photo.id, Assessment.status)
    .join(Assessment, Assessment.photo_id == Photo.id)
    .where(Photo.sha256 == bindparam("sha256"), ANSWERED)
)


def known_files(
    connection: Connection, roots: Iterable[str], *, model: int, k: int, again: bool = False
) -> dict[str, FileState]:
    """Everything the store knows below some folders, by path.

    Args:
        roots: absolute; a root may also be a file.
        again: what was taken back counts as never said; likewise below.
    """
    columns = (File.path, File.size_bytes, File.mtime_ns, Assessment.k.is_not(None), File.gone_at.is_not(None))
    statement = select(*columns).outerjoin(Assessment, (Assessment.photo_id == File.photo_id) & ANSWERED)
    asked = {"model": model, "k": k, "again": again}
    found: dict[str, FileState] = {}
    for root in roots:
        for at in (File.path == root, below(root)):
            rows = connection.execute(statement.where(at), asked, execution_options={"yield_per": ROWS_AT_ONCE})
            for path, size, mtime, is_assessed, gone in rows:
                found[path] = FileState(size, mtime, is_assessed, gone)
    for path, size, mtime, rests in connection.execute(_failing(datetime.now(UTC))):
        if path in found:
            found[path] = found[path]._replace(size_bytes=size, mtime_ns=mtime, failed=True, rests=rests)
    return found


def _failing(now: datetime) -> Select[*tuple[Any, ...]]:
    """The files whose last look failed: their size and time then, and whether another look is not due yet.

    Asked for apart: to look for a failure of each file takes a fifth of a scan's question, and there are few.
    """
    is_later = and_(Failure.next_at.is_not(None), Failure.next_at > now)
    rests = or_(Failure.quarantined_at.is_not(None), is_later)
    return select(File.path, Failure.size_bytes, Failure.mtime_ns, rests).join(File, File.id == Failure.file_id)


def elsewhere(connection: Connection, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """For some files each other place where their content was found too."""
    other = aliased(File)
    pairs = select(File.path, other.path).join(other, (other.photo_id == File.photo_id) & (other.id != File.id))
    for some in in_batches(paths):
        rows: Iterable[Any] = connection.execute(pairs.where(File.path.in_(some)))
        yield from rows


def below(folder: str, after: str | None = None) -> ColumnElement[bool]:
    """The paths inside a folder, perhaps only those after one of them: a range of the index.

    One lower bound, not two: given two, SQLite may walk from the lower one.
    """
    prefix = folder.rstrip("/")
    first, beyond = f"{prefix}/", f"{prefix}{chr(ord('/') + 1)}"
    start = first if after is None else max(first, after, key=os.fsencode)
    return (File.path > start) & (File.path < beyond)


def assessed_contents(connection: Connection, *, model: int, k: int, again: bool = False) -> Iterator[str]:
    """The sha256 of every content of which this model once kept k suggestions."""
    contents = select(Photo.sha256).join(Assessment, Assessment.photo_id == Photo.id).where(ANSWERED)
    yield from connection.execute(contents, {"model": model, "k": k, "again": again}).scalars()


def content_answer(connection: Connection, sha256: str, *, model: int, k: int, again: bool = False) -> Answer | None:
    """What a model once said of a content, wherever it lay; None if it never kept k suggestions of it."""
    asked = {"sha256": sha256, "model": model, "k": k, "again": again}
    found = connection.execute(ASSESSMENT, asked).first()
    if found is None:
        return None
    return _answer(found.status, _suggestions(connection, {found.id}, model)[found.id])


def stored_results(connection: Connection, paths: Iterable[str], *, model: int) -> Iterator[Result]:
    """What a model once said of some files, in their order; files without an answer are left out."""
    for batch in in_batches(paths):
        files = _answered_files(connection, batch, model)
        suggestions = _suggestions(connection, {row.photo_id for row in files.values()}, model)
        for path in batch:
            if (row := files.get(path)) is None:
                continue
            if row.kind is not None:
                yield Result(path, row.sha256, Failed(row.kind, row.message))
            elif row.status is not None:
                yield Result(path, row.sha256, _answer(row.status, suggestions[row.photo_id]))


def _answer(status: str, suggestions: Sequence[types.Suggestion]) -> Answer:
    if status == "undone":
        return Withdrawn()
    return (Tagged if status == "tagged" else NoLandmark)(tuple(suggestions))


def _answered_files(connection: Connection, paths: list[str], model: int) -> dict[str, Any]:
    assessed = (Assessment.photo_id == File.photo_id) & (Assessment.model_id == model)
    statement = (
        select(File.path, File.photo_id, Photo.sha256, Assessment.status, Failure.kind, Failure.message)
        .select_from(File)
        .outerjoin(Photo, Photo.id == File.photo_id)
        .outerjoin(Assessment, assessed)
        .outerjoin(Failure, Failure.file_id == File.id)
        .where(File.path.in_(paths))
    )
    return {row.path: row for row in connection.execute(statement)}


def _suggestions(
    connection: Connection, photos: Collection[int | None], model: int
) -> Mapping[int, Sequence[types.Suggestion]]:
    """A model's suggestions by photo, in the order of their ranks."""
    places = landmarks(connection)
    by_model = select(Suggestion.__table__).where(Suggestion.photo_id.in_(photos), Suggestion.model_id == model)
    found: dict[int, list[types.Suggestion]] = defaultdict(list)
    for row in connection.execute(by_model.order_by(Suggestion.photo_id, Suggestion.rank)):
        landmark = places[row.landmark_id]
        visual = None if row.visual_score == row.score else row.visual_score
        evidence = parse_evidence(row.reason, landmark.id)
        found[row.photo_id].append(types.Suggestion(row.rank, landmark, row.score, row.is_tag, visual, evidence))
    return found

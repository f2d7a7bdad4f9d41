"""What the store already knows of files: the questions of a scan, asked for whole libraries at once."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Connection, Select, and_, bindparam, case, or_, select
from sqlalchemy.orm import aliased

from db.batching import in_batches
from db.read.catalog import landmarks
from db.rows import FileState, LandmarkRow, PhotoStatus, StoredAnswer, StoredSuggestion
from db.schema.models import Assessment, Failure, File, Photo, Suggestion

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


def content_answer(
    connection: Connection, sha256: str, *, model: int, k: int, again: bool = False
) -> StoredAnswer | None:
    """What this model once said of a content, wherever it lay; None where it never kept k suggestions of it."""
    asked = {"sha256": sha256, "model": model, "k": k, "again": again}
    found = connection.execute(ASSESSMENT, asked).first()
    if found is None:
        return None
    known = landmarks(connection)
    rows = _suggestions(connection, {found.id}, model)
    return StoredAnswer("", sha256, _status(found.status), tuple(_stored(row, known) for row in rows))


def stored_answers(connection: Connection, paths: Iterable[str], *, model: int) -> Iterator[StoredAnswer]:
    """What this model once said of these files, in their order; paths without an answer are left out."""
    known = landmarks(connection)
    for some in in_batches(paths):
        files = _answered_files(connection, some, model)
        photo_ids = {row.photo_id for row in files.values()}
        suggestions: dict[int, list[StoredSuggestion]] = defaultdict(list)
        for row in _suggestions(connection, photo_ids, model):
            suggestions[row.photo_id].append(_stored(row, known))
        for path in some:
            if (row := files.get(path)) is None:
                continue
            if row.kind is not None:
                yield StoredAnswer(path, row.sha256, "failed", (), (row.kind, row.message))
            elif row.status is not None:
                yield StoredAnswer(path, row.sha256, _status(row.status), tuple(suggestions[row.photo_id]))


def _status(stored: str) -> PhotoStatus:
    """What was taken back is an answer without suggestions."""
    return "tagged" if stored == "tagged" else "none"


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


def _suggestions(connection: Connection, photo_ids: set[int | None], model: int) -> Iterable[Any]:
    by_model = select(Suggestion.__table__).where(Suggestion.photo_id.in_(photo_ids), Suggestion.model_id == model)
    return connection.execute(by_model.order_by(Suggestion.photo_id, Suggestion.rank))


def _stored(row: Any, landmarks: dict[int, LandmarkRow]) -> StoredSuggestion:
    landmark = landmarks[row.landmark_id]
    return StoredSuggestion(row.rank, landmark, row.score, row.is_tag, row.visual_score, row.reason)

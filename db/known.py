"""What the store already knows of files: the questions of a scan, asked for whole libraries at once."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, select

from db.catalog import landmarks
from db.models import Assessment, Failure, File, Photo, Suggestion
from db.outcomes import chunks
from db.rows import FileState, StoredAnswer, StoredSuggestion

# Made once: building the statement would take longer than running it.
ASSESSMENT = (
    select(Photo.id, Assessment.status)
    .join(Assessment, Assessment.photo_id == Photo.id)
    .where(Photo.sha256 == bindparam("sha256"))
    .where(Assessment.model_id == bindparam("model"), Assessment.k >= bindparam("k"))
)


def known_files(connection: Connection, roots: Iterable[str], *, model: int, k: int) -> dict[str, FileState]:
    """Everything the store knows below some folders, by path.

    Args:
        roots: absolute; a root may also be a file.
    """
    found: dict[str, FileState] = {}
    assessed = (Assessment.photo_id == File.photo_id) & (Assessment.model_id == model) & (Assessment.k >= k)
    statement = (
        select(File.path, File.size_bytes, File.mtime_ns, Assessment.k, Failure.file_id, File.gone_at.is_not(None))
        .select_from(File)
        .outerjoin(Assessment, assessed)
        .outerjoin(Failure, Failure.file_id == File.id)
    )
    for root in roots:
        for at in (File.path == root, below(root)):
            for path, size, mtime, stored_k, failure, gone in connection.execute(statement.where(at)):
                found[path] = FileState(size, mtime, stored_k is not None, failure is not None, gone)
    return found


def below(folder: str, after: str | None = None) -> ColumnElement[bool]:
    """The paths inside a folder, perhaps only those after one of them: a range of the index.

    One lower bound, not two: given two, SQLite may walk from the lower one.
    """
    prefix = folder.rstrip("/")
    first, beyond = f"{prefix}/", f"{prefix}{chr(ord('/') + 1)}"
    start = first if after is None else max(first, after, key=os.fsencode)
    return (File.path > start) & (File.path < beyond)


def assessed_contents(connection: Connection, *, model: int, k: int) -> Iterator[str]:
    """The sha256 of every content of which this model once kept k suggestions."""
    contents = select(Photo.sha256).join(Assessment, Assessment.photo_id == Photo.id)
    yield from connection.execute(contents.where(Assessment.model_id == model, Assessment.k >= k)).scalars()


def content_answer(connection: Connection, sha256: str, *, model: int, k: int) -> StoredAnswer | None:
    """What this model once said of a content, wherever it lay; None where it never kept k suggestions of it."""
    found = connection.execute(ASSESSMENT, {"sha256": sha256, "model": model, "k": k}).first()
    if found is None:
        return None
    known = landmarks(connection)
    rows = _suggestions(connection, {found.id}, model)
    suggestions = tuple(StoredSuggestion(rank, known[landmark], score, tag) for _, rank, landmark, score, tag in rows)
    return StoredAnswer("", sha256, found.status, suggestions)


def stored_answers(connection: Connection, paths: Iterable[str], *, model: int) -> Iterator[StoredAnswer]:
    """What this model once said of these files, in their order; paths without an answer are left out."""
    known = landmarks(connection)
    for some in chunks(paths):
        files = _answered_files(connection, some, model)
        photo_ids = {row.photo_id for row in files.values()}
        suggestions: dict[int, list[StoredSuggestion]] = defaultdict(list)
        for photo_id, rank, landmark, score, is_tag in _suggestions(connection, photo_ids, model):
            suggestions[photo_id].append(StoredSuggestion(rank, known[landmark], score, is_tag))
        for path in some:
            if (row := files.get(path)) is None:
                continue
            if row.kind is not None:
                yield StoredAnswer(path, row.sha256, "failed", (), (row.kind, row.message))
            elif row.status is not None:
                yield StoredAnswer(path, row.sha256, row.status, tuple(suggestions[row.photo_id]))


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
    columns = (Suggestion.photo_id, Suggestion.rank, Suggestion.landmark_id, Suggestion.score, Suggestion.is_tag)
    by_model = select(*columns).where(Suggestion.photo_id.in_(photo_ids), Suggestion.model_id == model)
    return connection.execute(by_model.order_by(Suggestion.photo_id, Suggestion.rank))

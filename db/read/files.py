"""The stored state of files and contents, queried for whole libraries at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    LargeBinary,
    and_,
    bindparam,
    case,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import InstrumentedAttribute

from db.batching import in_batches
from db.dialect import execute
from db.read.catalog import landmarks
from db.read.rows import FailedState, FileState
from db.schema.models import Assessment, Failure, File, Photo, Run, Suggestion
from tagger.core import types
from tagger.core.evidence import parse_evidence
from tagger.core.types import MODEL_KINDS, Answer, Failed, NoLandmark, Result, Tagged, Withdrawn

PATH = type_coerce(File.path, LargeBinary)  # undecoded, as a scan has it
ROWS_PER_FETCH = 1000  # fetching row by row takes half as long again

# Whether a model has given a photo enough suggestions. An undone answer counts, however short: the model would only
# repeat it. With `redo_undone` it does not count.
ANSWERED = and_(
    Assessment.model_id == bindparam("model"),
    case(
        (Assessment.status == "undone", ~bindparam("redo_undone", type_=Boolean)),
        else_=Assessment.k >= bindparam("k"),
    ),
)

# Built once: building the statement would take longer than running it.
ASSESSMENT = (
    select(Photo.id, Assessment.status, Assessment.look)
    .join(Assessment, Assessment.photo_id == Photo.id)
    .where(or_(Photo.sha256 == bindparam("name"), Photo.picture == bindparam("name")), ANSWERED)
)


def file_states(
    connection: Connection, roots: Iterable[str], *, model: int, k: int, redo_undone: bool = False
) -> Iterator[FileState]:
    """The states of the files below some folders, as stored when they were last read.

    Args:
        roots: absolute, none within another; a root may also be a file.
        model: the row id of the model whose answers count.
        k: answers with fewer suggestions do not count.
        redo_undone: undone answers do not count.
    """
    stamps = (File.size_bytes, File.mtime_ns, File.ctime_ns)
    is_superseded = and_(Assessment.status != "undone", Photo.current_model_id != model)
    columns = (PATH, *stamps, Assessment.k.is_not(None), File.gone_at.is_not(None), is_superseded)
    statement = select(*columns).outerjoin(Assessment, (Assessment.photo_id == File.photo_id) & ANSWERED)
    statement = statement.outerjoin(Photo, Photo.id == Assessment.photo_id)
    parameters = {"model": model, "k": k, "redo_undone": redo_undone}
    for root in roots:
        for is_in_root in (File.path == root, below(root)):
            in_root = statement.where(is_in_root).execution_options(yield_per=ROWS_PER_FETCH)
            yield from map(FileState._make, connection.execute(in_root, parameters))


def failed_states(connection: Connection, *, model: int) -> Iterator[FailedState]:
    """The states of the files that could not be read when last tried.

    A separate query, since they are few: joined to all files they take a fifth of the time.

    Args:
        model: the row id of the model in use; a failure that another model caused does not hold a file back.
    """
    is_later = and_(Failure.next_at.is_not(None), Failure.next_at > datetime.now(UTC))
    is_by_model = or_(Failure.kind.not_in(MODEL_KINDS), Run.model_id == model)
    in_backoff = and_(is_by_model, or_(Failure.quarantined_at.is_not(None), is_later))
    failing = select(PATH, Failure.size_bytes, Failure.mtime_ns, Failure.ctime_ns, in_backoff).select_from(Failure)
    failing = failing.join(File, File.id == Failure.file_id).join(Run, Run.id == Failure.run_id)
    rows = connection.execute(failing.execution_options(yield_per=ROWS_PER_FETCH))
    yield from map(FailedState._make, rows)


def photos_at(connection: Connection, paths: Sequence[str]) -> dict[str, int]:
    """The photos of files, at most `BATCH_SIZE`; files without one are left out."""
    files = select(File.path, File.photo_id).where(File.path.in_(paths))
    return {path: photo for path, photo in connection.execute(files) if photo is not None}


def paths_of(connection: Connection, photos: Iterable[int]) -> Iterator[tuple[int, str, datetime]]:
    """Photos, each with all its paths, and when each path was first seen."""
    for batch in in_batches(photos):
        files = select(File.photo_id, File.path, File.first_seen_at).where(File.photo_id.in_(batch))
        for photo, path, first_seen_at in connection.execute(files):
            if photo is not None:
                yield photo, path, first_seen_at


def folder_range(folder: str) -> tuple[str, str]:
    """The bounds of the paths in a folder: they come after the first and before the second."""
    prefix = folder.rstrip("/")
    return f"{prefix}/", f"{prefix}{chr(ord('/') + 1)}"


def below(folder: str, *, column: InstrumentedAttribute[str] = File.path) -> ColumnElement[bool]:
    """Whether a path is in a folder: one range of the index."""
    first, beyond = folder_range(folder)
    return (column > first) & (column < beyond)


def assessed_photos(
    connection: Connection, *, model: int, k: int, redo_undone: bool = False
) -> Iterator[tuple[str, str | None]]:
    """The sha256 and the picture's hash of each photo with enough suggestions; arguments as in `file_states`."""
    photos = select(Photo.sha256, Photo.picture).join(Assessment, Assessment.photo_id == Photo.id).where(ANSWERED)
    parameters = {"model": model, "k": k, "redo_undone": redo_undone}
    for row in connection.execute(photos.execution_options(yield_per=ROWS_PER_FETCH), parameters):
        yield row.sha256, row.picture


def content_answer(
    connection: Connection, name: str, *, model: int, k: int, redo_undone: bool = False
) -> Answer | None:
    """A model's answer to a photo; None without enough suggestions. Other arguments as in `file_states`.

    Args:
        name: the photo's sha256, or its picture's hash.
    """
    parameters = {"name": name, "model": model, "k": k, "redo_undone": redo_undone}
    found = execute(connection, ASSESSMENT, parameters).first()
    if found is None:
        return None
    return _answer(found, suggestions_of(connection, {found.id}, model)[found.id])


def stored_results(connection: Connection, paths: Iterable[str], *, model: int) -> Iterator[Result]:
    """A model's answers to files, in their order; files without an answer are left out."""
    for batch in in_batches(paths):
        files = _answered_files(connection, batch, model)
        suggestions = suggestions_of(connection, {row.photo_id for row in files.values()}, model)
        for path in batch:
            if (row := files.get(path)) is None:
                continue
            if row.kind is not None:
                yield Result(path, row.sha256, Failed(row.kind, row.message))
            elif row.status is not None:
                yield Result(path, row.sha256, _answer(row, suggestions[row.photo_id]))


def _answer(assessment: Any, suggestions: Sequence[types.Suggestion]) -> Answer:
    if assessment.status == "undone":
        return Withdrawn()
    return (Tagged if assessment.status == "tagged" else NoLandmark)(tuple(suggestions), assessment.look)


def _answered_files(connection: Connection, paths: list[str], model: int) -> dict[str, Any]:
    by_model = (Assessment.photo_id == File.photo_id) & (Assessment.model_id == model)
    answer = (Assessment.status, Assessment.look, Failure.kind, Failure.message)
    statement = (
        select(File.path, File.photo_id, Photo.sha256, *answer)
        .select_from(File)
        .outerjoin(Photo, Photo.id == File.photo_id)
        .outerjoin(Assessment, by_model)
        .outerjoin(Failure, Failure.file_id == File.id)
        .where(File.path.in_(paths))
    )
    return {row.path: row for row in connection.execute(statement)}


def suggestions_of(
    connection: Connection, photos: Collection[int | None], model: int
) -> Mapping[int, Sequence[types.Suggestion]]:
    """A model's suggestions by photo, in the order of their ranks."""
    by_model = select(Suggestion.__table__).where(Suggestion.photo_id.in_(photos), Suggestion.model_id == model)
    rows = connection.execute(by_model.order_by(Suggestion.photo_id, Suggestion.rank)).all()
    suggested = landmarks(connection, {row.landmark_id for row in rows})
    found: dict[int, list[types.Suggestion]] = defaultdict(list)
    for row in rows:
        landmark = suggested[row.landmark_id]
        visual = None if row.visual_score == row.score else row.visual_score
        evidence = parse_evidence(row.reason, landmark.id)
        found[row.photo_id].append(types.Suggestion(row.rank, landmark, row.score, row.is_tag, visual, evidence))
    return found

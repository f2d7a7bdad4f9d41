"""Write batches of results, the only place where scanned files become rows.

The one rule: writing a result again, even from two runs at once, changes nothing. Each step is one statement for the
whole batch; the caller's transaction makes the batch atomic.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select, update

from db.batching import in_batches
from db.clock import database_time
from db.dialect import execute, insert, insert_rows
from db.read.photos import photo_ids
from db.schema.models import Assessment, File, Landmark, Photo, Suggestion
from db.taught.embeddings import write_embeddings
from db.write.dates import improve_dates
from db.write.files import (
    DEFAULT_RETRY,
    RetryPolicy,
    Scanned,
    clear_failures,
    upsert_failed_files,
    upsert_files,
    write_failures,
)
from db.write.photos import StoredPhotos, store_photos
from db.write.pictures import add_hashes, follow_edits
from tagger.core import types
from tagger.core.evidence import evidence_text
from tagger.core.types import Failed, NoLandmark, Tagged

# Built once: a statement takes as long to build as to run, and the bot's batches are small.
_ASSESSMENT = insert(Assessment)
UPSERT_ASSESSMENT = _ASSESSMENT.on_conflict_do_update(
    index_elements=["photo_id", "model_id"],
    set_={
        "run_id": _ASSESSMENT.excluded.run_id,
        "status": _ASSESSMENT.excluded.status,
        "k": _ASSESSMENT.excluded.k,
        "assessed_at": _ASSESSMENT.excluded.assessed_at,
        "look": _ASSESSMENT.excluded.look,
    },
)
INSERT_SUGGESTION = insert(Suggestion)
LANDMARK_IDS = select(Landmark.key, Landmark.id)
STORED_ASSESSMENTS = select(Assessment.photo_id, Assessment.status, Assessment.k).where(
    Assessment.photo_id.in_(bindparam("photos", expanding=True)),
    Assessment.model_id == bindparam("model"),
    Assessment.status != "undone",  # an undone answer is replaced like a missing one
)
STORED_RANKS = (
    select(Suggestion.photo_id, Suggestion.rank, Landmark.key)
    .join(Landmark, Landmark.id == Suggestion.landmark_id)
    .where(Suggestion.photo_id.in_(bindparam("photos", expanding=True)), Suggestion.model_id == bindparam("model"))
)
RAISE_K = (
    update(Assessment)
    .where(Assessment.photo_id == bindparam("photo"), Assessment.model_id == bindparam("model"))
    .values(run_id=bindparam("run"), k=bindparam("asked"))
)
HAS_ANSWER = select(Assessment.k).where(
    Assessment.photo_id == Photo.id, Assessment.model_id == bindparam("model"), Assessment.status != "undone"
)
SET_CURRENT_MODEL = (
    update(Photo).where(Photo.id == bindparam("photo"), HAS_ANSWER.exists()).values(current_model_id=bindparam("model"))
)


def write_results(
    connection: Connection,
    batch: Sequence[Scanned],
    *,
    run: int,
    model: int,
    k: int,
    retry: RetryPolicy = DEFAULT_RETRY,
    attempts: int | None = None,
    keeps_place: bool = False,
) -> None:
    """Store the results of a batch of files.

    A stored answer with at least k suggestions stays; one with fewer gets more. A file that succeeds loses its failure
    and is present again. A file that failed keeps its photo unless its content is known to have changed. A file whose
    inherited content was removed meanwhile (pruned, or of a forgotten person) is left out, so that the next run finds
    it new.

    Args:
        batch: each file as scanned before it was read, so that the next run notices a change in between.
        run: the run's number.
        model: the model's number.
        k: how many suggestions were asked for.
        retry: when failed files are tried again.
        attempts: how often each failed file was tried, if not once more than stored.
        keeps_place: also keep where the photos were taken, which is for their owner's own library only.

    Raises:
        KeyError: a suggested landmark that the store has never seen.
    """
    now = database_time(connection)
    failed = [scanned for scanned in batch if isinstance(scanned[1].answer, Failed)]
    read = [scanned for scanned in batch if not isinstance(scanned[1].answer, Failed)]
    ids, new = _write_contents(connection, read, {"run_id": run, "model_id": model}, k, now, keeps_place=keeps_place)
    ids |= photo_ids(connection, {result.sha256 for _, result in batch if result.sha256} - ids.keys())
    inherited = (result.sha256 for _, result in read if result.info is None)
    _make_current(connection, [ids[sha256] for sha256 in inherited if sha256 in ids], model)
    upsert_files(connection, read, ids, now)
    others = [scanned for scanned in read if new.get(scanned[1].sha256 or "") is not scanned]
    if keeps_place:
        follow_edits(connection, others)
    improve_dates(connection, others)
    clear_failures(connection, [file.path for file, _ in read])
    upsert_failed_files(connection, failed, ids, now)
    write_failures(connection, failed, run=run, now=now, retry=retry, attempts=attempts)


def write_contents(
    connection: Connection, batch: Sequence[Scanned], *, run: int, model: int, k: int, keeps_place: bool = False
) -> None:
    """Store only the new contents of `write_results` and their answers, without the files in which they were found."""
    read = [scanned for scanned in batch if not isinstance(scanned[1].answer, Failed)]
    by, now = {"run_id": run, "model_id": model}, datetime.now(UTC)
    _write_contents(connection, read, by, k, now, keeps_place=keeps_place)


def _write_contents(
    connection: Connection,
    read: Sequence[Scanned],
    by: dict[str, int],
    k: int,
    now: datetime,
    *,
    keeps_place: bool,
) -> StoredPhotos:
    """Store contents and their answers.

    Args:
        by: the columns `run_id` and `model_id` of their rows.
    """
    add_hashes(connection, read)
    described: dict[str, Scanned] = {}
    answers: dict[str, Tagged | NoLandmark] = {}
    for scanned in read:
        result = scanned[1]
        if result.sha256 and result.info:  # else the answer came from the store, not from this run
            described.setdefault(result.sha256, scanned)
            if isinstance(result.answer, Tagged | NoLandmark):
                answers.setdefault(result.sha256, result.answer)
    photos = store_photos(connection, described, model=by["model_id"], keeps_place=keeps_place, now=now)
    _insert_answers(connection, photos, answers, by, k, now)
    return photos


def make_current(connection: Connection, paths: Iterable[str], *, model: int) -> None:
    """Let the answers of a model count again for the photos of these files, where it has one that was not undone."""
    for batch in in_batches(paths):
        photos = connection.execute(select(File.photo_id).where(File.path.in_(batch))).scalars().all()
        _make_current(connection, filter(None, photos), model)


def _insert_answers(
    connection: Connection,
    photos: StoredPhotos,
    contents: Mapping[str, Tagged | NoLandmark],
    by: dict[str, int],
    k: int,
    now: datetime,
) -> None:
    """Insert assessments and suggestions of photos that have fewer by this model."""
    model = by["model_id"]
    answers: dict[int, Tagged | NoLandmark] = {}  # of photos
    for sha256 in filter(photos.ids.__contains__, contents):
        answers.setdefault(photos.ids[sha256], contents[sha256])
    known = answers.keys() - {photos.ids[sha256] for sha256 in photos.new}
    stored = {row.photo_id: row for row in _of_photos(connection, STORED_ASSESSMENTS, known, model)}
    new = {photo: answer for photo, answer in answers.items() if photo not in stored}
    short = [row for row in stored.values() if row.k < k]
    if new:
        rows = [
            {"photo_id": photo, **by, "status": answer.status, "look": answer.look, "k": k, "assessed_at": now}
            for photo, answer in new.items()
        ]
        insert_rows(connection, UPSERT_ASSESSMENT, rows)
        write_embeddings(connection, new, model)
    if short:
        raised = {"model": model, "run": by["run_id"], "asked": k}
        connection.execute(RAISE_K, [{"photo": row.photo_id, **raised} for row in short])
    _make_current(connection, known, model)
    suggestions: dict[int, Sequence[types.Suggestion]] = {photo: answer.suggestions for photo, answer in new.items()}
    suggestions |= _lacking(connection, short, answers, model, k)
    if rows := list(_suggestion_rows(connection, suggestions, by)):
        insert_rows(connection, INSERT_SUGGESTION, rows)


def _make_current(connection: Connection, photos: Iterable[int], model: int) -> None:
    if rows := [{"photo": photo, "model": model} for photo in photos]:
        connection.execute(SET_CURRENT_MODEL, rows)


def _lacking(
    connection: Connection, short: Collection[Any], answers: dict[int, Tagged | NoLandmark], model: int, k: int
) -> dict[int, list[types.Suggestion]]:
    """The suggestions that some stored answers lack, in their free ranks.

    Stored suggestions stay: they belong to another run, which may be undone, and a vote may have changed them. Ranks do
    not show which are lacking, because new evidence may have changed the order.
    """
    stored: dict[int, dict[int, str]] = defaultdict(dict)
    for row in _of_photos(connection, STORED_RANKS, [row.photo_id for row in short], model):
        stored[row.photo_id][row.rank] = row.key
    lacking: dict[int, list[types.Suggestion]] = {}
    for row in short:
        ranks = stored[row.photo_id]
        free = (rank for rank in range(1, k + 1) if rank not in ranks)
        new = (
            suggestion
            for suggestion in answers[row.photo_id].suggestions
            if suggestion.landmark.id not in ranks.values()
        )
        lacking[row.photo_id] = [
            replace(suggestion, rank=rank, is_tag=suggestion.is_tag and row.status == "tagged")
            for rank, suggestion in zip(free, new, strict=False)
        ]
    return lacking


def _of_photos(
    connection: Connection, statement: Select[*tuple[Any, ...]], photos: Iterable[int], model: int
) -> Iterator[Any]:
    """The rows of a statement on a model's answers to photos."""
    for batch in in_batches(photos):
        yield from connection.execute(statement, {"photos": batch, "model": model})


def _suggestion_rows(
    connection: Connection, suggestions: dict[int, Sequence[types.Suggestion]], by: dict[str, int]
) -> Iterator[dict[str, Any]]:
    if not suggestions:
        return
    landmark_ids = dict(execute(connection, LANDMARK_IDS, {}).all())
    for photo, of_photo in suggestions.items():
        for suggestion in of_photo:
            yield {
                "photo_id": photo,
                **by,
                "rank": suggestion.rank,
                "landmark_id": landmark_ids[suggestion.landmark.id],
                "score": suggestion.score,
                "is_tag": suggestion.is_tag,
                "visual_score": suggestion.seen,
                "reason": suggestion.evidence and evidence_text(suggestion.evidence),
            }

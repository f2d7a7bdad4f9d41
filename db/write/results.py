"""Writing a batch of outcomes, the one place where scanned files become rows.

The one rule: the same outcome twice, or from two runs at once, changes nothing the second time. Each step is one
statement for the whole batch; the caller's write transaction makes the batch all or nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, Update, and_, bindparam, case, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from db.batching import in_batches
from db.rows import Assessed, FailedFile, Inherited, Outcome, PhotoRow
from db.schema.models import Assessment, File, Landmark, Photo, Suggestion
from db.write.failures import DEFAULT_RETRY, RetryPolicy, clear_failures, write_failures

# Made once: a statement takes as long to build as to run, and the bot's batches are small.
LATER_COLUMNS = ("lat", "lon", "phash")  # a store of an earlier version did not have them
_ADDED = insert(Photo)
ADDED = _ADDED.on_conflict_do_update(
    index_elements=["sha256"],
    set_={name: func.coalesce(Photo.__table__.c[name], _ADDED.excluded[name]) for name in LATER_COLUMNS},
)
_ASSESSED = insert(Assessment)
ASSESSED = _ASSESSED.on_conflict_do_update(
    index_elements=["photo_id", "model_id"],
    set_={name: _ASSESSED.excluded[name] for name in ("run_id", "status", "k", "assessed_at")},
)
SUGGESTED = insert(Suggestion)
LANDMARKS = select(Landmark.key, Landmark.id)
STORED = select(Assessment.photo_id, Assessment.status, Assessment.k).where(
    Assessment.photo_id.in_(bindparam("photos", expanding=True)),
    Assessment.model_id == bindparam("model"),
    Assessment.status != "undone",  # what was taken back is replaced
)
SAID = (
    select(Suggestion.photo_id, Suggestion.rank, Landmark.key)
    .join(Landmark, Landmark.id == Suggestion.landmark_id)
    .where(Suggestion.photo_id.in_(bindparam("photos", expanding=True)), Suggestion.model_id == bindparam("model"))
)
ASKED_FOR_MORE = (
    update(Assessment)
    .where(Assessment.photo_id == bindparam("photo"), Assessment.model_id == bindparam("model"))
    .values(run_id=bindparam("run"), k=bindparam("asked"))
)
NOW_CURRENT = update(Photo).where(Photo.id == bindparam("photo")).values(current_model_id=bindparam("model"))
NUMBERS = select(Photo.sha256, Photo.id).where(Photo.sha256.in_(bindparam("contents", expanding=True)))

PHOTO_COLUMNS = [field.name for field in fields(PhotoRow)]  # `asdict` copies deeply: a sixth of a batch's time


def write_results(
    connection: Connection,
    outcomes: Sequence[Outcome],
    *,
    run: int,
    model: int,
    k: int,
    retry: RetryPolicy = DEFAULT_RETRY,
) -> None:
    """Store what became of a batch of files.

    An assessment that is already there with as many suggestions stays as it is; one with fewer gets more.
    A file that succeeds loses its failure, one that was gone is back. A file that failed keeps its photo
    unless its content is known to be another now. A file whose inherited content was removed meanwhile (it was pruned,
    or a person forgotten) is left out, so that the next run finds it new.

    Args:
        k: how many suggestions were asked for.
        retry: when what failed is tried again.

    Raises:
        KeyError: a suggested landmark that the store has never seen.
    """
    now = datetime.now(UTC)
    failed = [outcome for outcome in outcomes if isinstance(outcome, FailedFile)]
    read = [outcome for outcome in outcomes if not isinstance(outcome, FailedFile)]
    write_contents(connection, outcomes, run=run, model=model, k=k)
    digests = (sha256_of(outcome) for outcome in outcomes)
    photo_ids = photo_numbers(connection, (sha256 for sha256 in digests if sha256 is not None))
    _upsert_files(connection, read, photo_ids, now)
    clear_failures(connection, [outcome.path for outcome in read])
    _upsert_failed_files(connection, failed, photo_ids, now)
    write_failures(connection, failed, run=run, now=now, retry=retry)


def write_contents(connection: Connection, outcomes: Sequence[Outcome], *, run: int, model: int, k: int) -> None:
    """Like `write_results`, but only what is said of contents, wherever they lie."""
    assessed = [outcome for outcome in outcomes if isinstance(outcome, Assessed)]
    now = datetime.now(UTC)
    _insert_photos(connection, assessed, now)
    numbers = photo_numbers(connection, (outcome.photo.sha256 for outcome in assessed))
    answers = {numbers[outcome.photo.sha256]: outcome for outcome in assessed}
    _insert_answers(connection, answers, {"run_id": run, "model_id": model}, k, now)


def photo_numbers(connection: Connection, contents: Iterable[str]) -> dict[str, int]:
    """The numbers of those of some contents that are stored, by sha256."""
    found: dict[str, int] = {}
    for some in in_batches(set(contents)):
        found.update(connection.execute(NUMBERS, {"contents": some}).all())
    return found


def sha256_of(outcome: Outcome) -> str | None:
    return outcome.photo.sha256 if isinstance(outcome, Assessed) else outcome.sha256


def _insert_photos(connection: Connection, assessed: Collection[Assessed], now: datetime) -> None:
    """The first file of a content decides its date where EXIF has none; what was not known of it then is added."""
    rows = [{"added_at": now, **{name: getattr(outcome.photo, name) for name in PHOTO_COLUMNS}} for outcome in assessed]
    if rows:
        connection.execute(ADDED, rows)


def _insert_answers(
    connection: Connection, answers: dict[int, Assessed], by: dict[str, int], k: int, now: datetime
) -> None:
    """Assessments and suggestions of the photos of which this model has not said so much yet."""
    stored = _of_photos(connection, STORED, answers, by["model_id"])
    new = {id_: answer for id_, answer in answers.items() if id_ not in stored}
    short = {id_: replace(answers[id_], status=row.status) for id_, (row,) in stored.items() if row.k < k}
    if new:
        rows = [{"photo_id": id_, **by, "status": new[id_].status, "k": k, "assessed_at": now} for id_ in new]
        connection.execute(ASSESSED, rows)
        connection.execute(NOW_CURRENT, [{"photo": id_, "model": by["model_id"]} for id_ in new])
    if short:
        asked = {"model": by["model_id"], "run": by["run_id"], "asked": k}
        connection.execute(ASKED_FOR_MORE, [{"photo": id_, **asked} for id_ in short])
    more = _unsaid(connection, short, by["model_id"], k)
    if suggestions := list(_suggestion_rows(connection, new | more, by)):
        connection.execute(SUGGESTED, suggestions)


def _unsaid(connection: Connection, short: dict[int, Assessed], model: int, k: int) -> dict[int, Assessed]:
    """What the stored answers of some photos lack, in the ranks that they have free.

    What is stored stays: it is another run's, and has votes in it. Evidence that was heard only now may have changed
    the order, so ranks alone do not tell what is lacking.
    """
    stored = _of_photos(connection, SAID, short, model)
    lacking: dict[int, Assessed] = {}
    for id_, answer in short.items():
        said = {row.rank: row.key for row in stored.get(id_, ())}
        free = (rank for rank in range(1, k + 1) if rank not in said)
        unsaid = (suggestion for suggestion in answer.suggestions if suggestion.landmark not in said.values())
        added = (replace(suggestion, rank=rank) for rank, suggestion in zip(free, unsaid, strict=False))
        lacking[id_] = replace(answer, suggestions=tuple(added))
    return lacking


def _of_photos(
    connection: Connection, statement: Select[*tuple[Any, ...]], photo_ids: Iterable[int], model: int
) -> dict[int, list[Any]]:
    """What a model said of some photos, by photo."""
    found: dict[int, list[Any]] = defaultdict(list)
    for some in in_batches(photo_ids):
        for row in connection.execute(statement, {"photos": some, "model": model}):
            found[row.photo_id].append(row)
    return found


def _suggestion_rows(
    connection: Connection, answers: dict[int, Assessed], by: dict[str, int]
) -> Iterator[dict[str, Any]]:
    landmark_ids = dict(connection.execute(LANDMARKS).all())
    for photo_id, answer in answers.items():
        for suggestion in answer.suggestions:
            yield {
                "photo_id": photo_id,
                **by,
                "rank": suggestion.rank,
                "landmark_id": landmark_ids[suggestion.landmark],
                "score": suggestion.score,
                "is_tag": suggestion.is_tag and answer.status == "tagged",
                "visual_score": suggestion.score if suggestion.visual_score is None else suggestion.visual_score,
                "reason": suggestion.reason,
            }


def _upsert_files(
    connection: Connection, read: Iterable[Assessed | Inherited], photo_ids: dict[str, int], now: datetime
) -> None:
    rows = [
        {
            "path": outcome.path,
            "photo_id": photo_ids[sha256],
            "size_bytes": outcome.size_bytes,
            "mtime_ns": outcome.mtime_ns,
            "first_seen_at": now,
        }
        for outcome in read
        if (sha256 := sha256_of(outcome)) in photo_ids
    ]
    statement = insert(File)
    changed = {name: statement.excluded[name] for name in ("photo_id", "size_bytes", "mtime_ns")}
    if rows:
        upsert = statement.on_conflict_do_update(index_elements=["path"], set_={**changed, "gone_at": None})
        connection.execute(upsert, rows)


def _upsert_failed_files(
    connection: Connection, failed: Collection[FailedFile], photo_ids: dict[str, int], now: datetime
) -> None:
    if not failed:
        return
    rows = [
        {
            "at_path": outcome.path,
            "is_read": outcome.sha256 is not None,
            "read_photo_id": photo_ids.get(outcome.sha256) if outcome.sha256 else None,
            "now_bytes": outcome.size_bytes,
            "now_ns": outcome.mtime_ns,
        }
        for outcome in failed
    ]
    new = [{"path": outcome.path, "first_seen_at": now} for outcome in failed]
    connection.execute(insert(File).on_conflict_do_nothing(), new)
    connection.execute(_failed_file_update(), rows)


def _failed_file_update() -> Update:
    """A failed file's photo: by its digest if that is known, else the old one while size and time are not others.

    An unreadable file whose size or time changed is no longer known to show what it showed. One that merely
    vanished or may not be read at the moment still does.
    """
    now_bytes: BindParameter[int | None] = bindparam("now_bytes")
    now_ns: BindParameter[int | None] = bindparam("now_ns")
    is_other = or_(
        and_(now_bytes.is_not(None), now_bytes.is_distinct_from(File.size_bytes)),
        and_(now_ns.is_not(None), now_ns.is_distinct_from(File.mtime_ns)),
    )
    photo_id = case((bindparam("is_read"), bindparam("read_photo_id")), (is_other, None), else_=File.photo_id)
    return (
        update(File)
        .where(File.path == bindparam("at_path"))
        .values(
            photo_id=photo_id,
            size_bytes=case((now_bytes.is_(None), File.size_bytes), else_=now_bytes),
            mtime_ns=case((now_ns.is_(None), File.mtime_ns), else_=now_ns),
            gone_at=None,
        )
    )

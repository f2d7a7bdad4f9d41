"""Write files: the paths of contents, which files are gone, and which could not be read.

The one rule: a file that failed is tried again after increasing waits, and after some attempts only if it changes or on
request (quarantine). After a passing failure, which says nothing about the file (a drive that is off, a missing
permission), every run tries it. What one model failed on, another model tries again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    Boolean,
    ColumnElement,
    Connection,
    Integer,
    Update,
    and_,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    update,
)

from db.batching import in_batches
from db.dialect import WholeNumber, insert, insert_rows
from db.schema.models import Failure, File, Run
from tagger.core.types import MODEL_KINDS, PASSING_KINDS, Failed, FoundFile, Result

Scanned = tuple[FoundFile, Result]

DETAILS = ("kind", "message", "size_bytes", "mtime_ns", "ctime_ns")

# Built once: a statement takes as long to build as to run.
_FILE = insert(File)
UPSERT_FILE = _FILE.on_conflict_do_update(
    index_elements=["path"],
    set_={
        "photo_id": _FILE.excluded.photo_id,
        "size_bytes": _FILE.excluded.size_bytes,
        "mtime_ns": _FILE.excluded.mtime_ns,
        "ctime_ns": _FILE.excluded.ctime_ns,
        "gone_at": None,
    },
)
CLEAR_FAILURES = delete(Failure).where(
    Failure.file_id.in_(select(File.id).where(File.path.in_(bindparam("paths", expanding=True))))
)

HIGHEST_DOUBLING = 10  # 6 hours become 256 days; more makes no difference


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a file that failed is tried again."""

    after_h: float = 6.0  # hours from the first failure to the next attempt; doubled after each
    max_attempts: int = 3  # after this many attempts the file is in quarantine

    def plan(self, attempts: int, now: datetime) -> dict[str, datetime | None]:
        """The columns that say when to try again, or that the file is in quarantine."""
        if attempts >= self.max_attempts:
            return {"next_at": None, "quarantined_at": now}
        wait = timedelta(hours=self.after_h) * 2 ** min(attempts - 1, HIGHEST_DOUBLING)
        return {"next_at": now + wait, "quarantined_at": None}


DEFAULT_RETRY = RetryPolicy()


def upsert_files(connection: Connection, read: Iterable[Scanned], photo_ids: dict[str, int], now: datetime) -> None:
    """Store files that were read, whose content is stored."""
    rows = {
        file.path: {
            "path": file.path,
            "photo_id": photo_ids[result.sha256],
            "size_bytes": file.size_bytes or 0,
            "mtime_ns": file.mtime_ns or 0,
            "ctime_ns": file.ctime_ns,
            "first_seen_at": now,
        }
        for file, result in read
        if result.sha256 in photo_ids
    }
    if rows:
        insert_rows(connection, UPSERT_FILE, list(rows.values()))


def upsert_failed_files(
    connection: Connection, failed: Collection[Scanned], photo_ids: dict[str, int], now: datetime
) -> None:
    """Store files that could not be read; most keep their photo, see `_failed_file_update`."""
    if not failed:
        return
    rows = [
        {
            "at_path": file.path,
            "is_read": result.sha256 is not None,
            "read_photo_id": photo_ids.get(result.sha256) if result.sha256 else None,
            "now_bytes": file.size_bytes,
            "now_ns": file.mtime_ns,
            "now_ctime_ns": file.ctime_ns,
        }
        for file, result in failed
    ]
    new = [{"path": file.path, "first_seen_at": now} for file, _ in failed]
    connection.execute(insert(File).on_conflict_do_nothing(), new)
    connection.execute(_failed_file_update(), rows)


def mark_missing(connection: Connection, paths: Iterable[str]) -> None:
    """Mark files as gone. Their photos keep tags and decisions."""
    _set_missing(connection, paths, datetime.now(UTC))


def mark_present(connection: Connection, paths: Iterable[str]) -> None:
    """Mark gone files as present again, unchanged: for example, a drive is mounted again."""
    _set_missing(connection, paths, None)


def store_ctimes(connection: Connection, files: Iterable[FoundFile]) -> None:
    """Complete the rows of unchanged files that an earlier version stored without a ctime."""
    rows = [{"at_path": file.path, "now_ctime_ns": file.ctime_ns} for file in files]
    statement = update(File).where(File.path == bindparam("at_path")).values(ctime_ns=bindparam("now_ctime_ns"))
    if rows:
        connection.execute(statement, rows)


def clear_failures(connection: Connection, paths: Iterable[str]) -> None:
    """Delete the failures of files that were read."""
    for batch in in_batches(paths):
        connection.execute(CLEAR_FAILURES, {"paths": batch})


def write_failures(
    connection: Connection,
    failed: Collection[Scanned],
    *,
    run: int,
    now: datetime,
    retry: RetryPolicy,
    attempts: int | None = None,
) -> None:
    """Store why files failed, and when they are tried again.

    Attempts count runs: a run that reports the same failure twice counts once. A file's count restarts if the file
    changed, or if its failures so far were passing ones.

    Args:
        failed: files that the store has rows for, with results that are `Failed`.
        attempts: how often each file was tried, if not once more than stored.
    """
    if not failed:
        return
    given: BindParameter[int | None] = bindparam("given_attempts", type_=Integer)
    statement = insert(Failure).values(
        file_id=select(File.id).where(File.path == bindparam("at_path")).scalar_subquery(),
        attempts=func.coalesce(given, 1),
        first_at=now,
        last_at=now,
        run_id=run,
        **{name: bindparam(name) for name in DETAILS},
    )
    again: dict[str, Any] = {name: statement.excluded[name] for name in (*DETAILS, "last_at", "run_id")}
    again |= {"attempts": _attempts(statement.excluded, run), "next_at": None, "quarantined_at": None}
    upsert = statement.on_conflict_do_update(index_elements=["file_id"], set_=again)
    rows = [_row(scanned, attempts) for scanned in failed]
    connection.execute(upsert, rows)
    _plan(connection, [row["at_path"] for row in rows if not row["is_passing"]], now, retry)


def _failed_file_update() -> Update:
    """Set a failed file's photo: by its digest if that is known, else the old one while size and time are the same.

    An unreadable file whose size or time changed may show something else. One that merely vanished, or cannot be read
    at the moment, keeps its photo.
    """
    now_bytes: BindParameter[int | None] = bindparam("now_bytes", type_=WholeNumber)
    now_ns: BindParameter[int | None] = bindparam("now_ns", type_=WholeNumber)
    now_ctime_ns: BindParameter[int | None] = bindparam("now_ctime_ns", type_=WholeNumber)
    is_changed = or_(
        and_(now_bytes.is_not(None), now_bytes.is_distinct_from(File.size_bytes)),
        and_(now_ns.is_not(None), now_ns.is_distinct_from(File.mtime_ns)),
    )
    photo_id = case(
        (bindparam("is_read", type_=Boolean), bindparam("read_photo_id", type_=WholeNumber)),
        (is_changed, None),
        else_=File.photo_id,
    )
    return (
        update(File)
        .where(File.path == bindparam("at_path"))
        .values(
            photo_id=photo_id,
            size_bytes=case((now_bytes.is_(None), File.size_bytes), else_=now_bytes),
            mtime_ns=case((now_ns.is_(None), File.mtime_ns), else_=now_ns),
            ctime_ns=case((now_ctime_ns.is_(None), File.ctime_ns), else_=now_ctime_ns),
            gone_at=None,
        )
    )


def _set_missing(connection: Connection, paths: Iterable[str], gone_at: datetime | None) -> None:
    is_other = File.gone_at.is_(None) if gone_at else File.gone_at.is_not(None)
    statement = update(File).where(File.path == bindparam("at_path"), is_other).values(gone_at=gone_at)
    for batch in in_batches(paths):
        connection.execute(statement, [{"at_path": path} for path in batch])


def _row(scanned: Scanned, attempts: int | None) -> dict[str, Any]:
    file, result = scanned
    assert isinstance(result.answer, Failed)
    return {
        "at_path": file.path,
        "given_attempts": attempts,
        "is_passing": _is_passing(file, result.answer.kind),
        "kind": result.answer.kind,
        "message": result.answer.message,
        "size_bytes": file.size_bytes,
        "mtime_ns": file.mtime_ns,
        "ctime_ns": file.ctime_ns,
    }


def _is_passing(file: FoundFile, kind: str) -> bool:
    """Whether a failure says nothing about a file. A link that led nowhere already when it was scanned is dead."""
    is_dead_link = kind == "not_found" and file.mtime_ns is None
    return kind in PASSING_KINDS and not is_dead_link


def _attempts(new: Any, run: int) -> ColumnElement[int]:
    """How often a file was tried, given its new row and the stored one.

    - The same run reports it again: the count stays.
    - The file changed, another model failed on it, or only the stored failure was a passing one (it has neither a next
      attempt nor a quarantine): the count restarts.
    - More attempts are given than one above the stored ones (runs died with the file): as given.
    - Else one more.
    """
    is_first_of_its_kind = and_(
        Failure.next_at.is_(None), Failure.quarantined_at.is_(None), ~bindparam("is_passing", type_=Boolean)
    )
    model = select(Run.model_id).where(Run.id == run).scalar_subquery()
    is_by_other_model = Failure.run_id.not_in(select(Run.id).where(Run.model_id == model))
    is_restarted = or_(
        new.size_bytes.is_distinct_from(Failure.size_bytes),
        new.mtime_ns.is_distinct_from(Failure.mtime_ns),
        new.ctime_ns != Failure.ctime_ns,
        is_first_of_its_kind,
        and_(is_by_other_model, or_(*(Failure.kind == kind for kind in sorted(MODEL_KINDS)))),
        new.attempts > Failure.attempts + 1,
    )
    return case((Failure.run_id == run, Failure.attempts), (is_restarted, new.attempts), else_=Failure.attempts + 1)


def _plan(connection: Connection, paths: Iterable[str], now: datetime, retry: RetryPolicy) -> None:
    """Set when the files are tried again, by the attempts that SQLite has counted."""
    for batch in in_batches(paths):
        rows = connection.execute(
            select(Failure.file_id, Failure.attempts).join(File).where(File.path.in_(batch))
        ).all()
        planned = [{"at_file": row.file_id, **retry.plan(row.attempts, now)} for row in rows]
        statement = update(Failure).where(Failure.file_id == bindparam("at_file"))
        if planned:
            connection.execute(
                statement.values(next_at=bindparam("next_at"), quarantined_at=bindparam("quarantined_at")), planned
            )

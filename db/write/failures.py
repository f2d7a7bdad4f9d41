"""Why files could not be read, how often that was tried, and when it is tried again.

The one rule: a failure that says something about the file is tried again later and later, and after some attempts not
until the file changes or somebody asks for it (quarantine). One that says nothing about the file, such as a drive that
is off, is tried in every run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    Boolean,
    ColumnElement,
    Connection,
    Integer,
    and_,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert

from db.batching import in_batches
from db.rows import FailedFile
from db.schema.models import Failure, File

DETAILS = ("kind", "message", "size_bytes", "mtime_ns")
HIGHEST_DOUBLING = 10  # 6 hours become 256 days; what comes after makes no difference


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Args:
    after_h: hours from the first failure to the next attempt; doubled after each.
    max_attempts: after so many the file is in quarantine.
    """

    after_h: float = 6.0
    max_attempts: int = 3

    def plan(self, attempts: int, now: datetime) -> dict[str, datetime | None]:
        """When to try again, or that it is enough."""
        if attempts >= self.max_attempts:
            return {"next_at": None, "quarantined_at": now}
        wait = timedelta(hours=self.after_h) * 2 ** min(attempts - 1, HIGHEST_DOUBLING)
        return {"next_at": now + wait, "quarantined_at": None}


DEFAULT_RETRY = RetryPolicy()


def clear_failures(connection: Connection, paths: Iterable[str]) -> None:
    """These files were read."""
    for some in in_batches(paths):
        files = select(File.id).where(File.path.in_(some))
        connection.execute(delete(Failure).where(Failure.file_id.in_(files)))


def write_failures(
    connection: Connection, failed: Collection[FailedFile], *, run: int, now: datetime, retry: RetryPolicy
) -> None:
    """Attempts count runs: the same run telling the same failure twice counts once. A file that changed, or whose
    failure so far said nothing about it, begins anew."""
    if not failed:
        return
    told: BindParameter[int | None] = bindparam("told_attempts", type_=Integer)
    statement = insert(Failure).values(
        file_id=select(File.id).where(File.path == bindparam("at_path")).scalar_subquery(),
        attempts=func.coalesce(told, 1),
        first_at=now,
        last_at=now,
        run_id=run,
        **{name: bindparam(name) for name in DETAILS},
    )
    again: dict[str, Any] = {name: statement.excluded[name] for name in (*DETAILS, "last_at", "run_id")}
    again |= {"attempts": _attempts(statement.excluded, run), "next_at": None, "quarantined_at": None}
    upsert = statement.on_conflict_do_update(index_elements=["file_id"], set_=again)
    connection.execute(upsert, [_values(failure) for failure in failed])
    _plan(connection, [failure.path for failure in failed if not failure.is_passing], now, retry)


def _values(failure: FailedFile) -> dict[str, Any]:
    of_run = {"at_path": failure.path, "told_attempts": failure.attempts, "is_passing": failure.is_passing}
    return of_run | {name: getattr(failure, name) for name in DETAILS}


def _attempts(new: Any, run: int) -> ColumnElement[int]:
    """One more than before, unless this is news of the same run, of a changed file, or more is known."""
    is_first_of_its_kind = and_(
        Failure.next_at.is_(None), Failure.quarantined_at.is_(None), ~bindparam("is_passing", type_=Boolean)
    )
    begins_anew = or_(
        new.size_bytes.is_distinct_from(Failure.size_bytes),
        new.mtime_ns.is_distinct_from(Failure.mtime_ns),
        is_first_of_its_kind,
        new.attempts > Failure.attempts + 1,
    )
    return case((Failure.run_id == run, Failure.attempts), (begins_anew, new.attempts), else_=Failure.attempts + 1)


def _plan(connection: Connection, paths: Iterable[str], now: datetime, retry: RetryPolicy) -> None:
    for some in in_batches(paths):
        rows = connection.execute(select(Failure.file_id, Failure.attempts).join(File).where(File.path.in_(some))).all()
        planned = [{"at_file": row.file_id, **retry.plan(row.attempts, now)} for row in rows]
        statement = update(Failure).where(Failure.file_id == bindparam("at_file"))
        if planned:
            connection.execute(
                statement.values(next_at=bindparam("next_at"), quarantined_at=bindparam("quarantined_at")), planned
            )

"""What the jobs did: a row for each start of one, by the clock or by hand.

Every function that writes runs inside the caller's `Store.write` transaction.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, func, insert, select, update

from db.rows import JobRunRow, JobStatus
from db.schema.models import JobRun

GIVEN_UP = "the process ended before the job did"


def start_job(connection: Connection, job: str, *, due_at: datetime | None) -> int:
    """A row of the same job that never ended gets its end: whatever worked on it is not there any more.

    If it is after all, it overwrites that when it ends.

    Args:
        due_at: None where a person started it.

    Returns:
        The row's number, for `finish_job`.
    """
    now = datetime.now(UTC)
    left = update(JobRun).where(JobRun.job == job, JobRun.status == "running")
    connection.execute(left.values(status="died", finished_at=now, message=GIVEN_UP))
    started = insert(JobRun).values(job=job, due_at=due_at, started_at=now, status="running")
    return connection.execute(started.returning(JobRun.id)).scalar_one()


def finish_job(connection: Connection, number: int, *, status: JobStatus, message: str) -> None:
    ended = {"status": status, "message": message, "finished_at": datetime.now(UTC)}
    connection.execute(update(JobRun).where(JobRun.id == number).values(ended))


def last_starts(connection: Connection) -> dict[str, JobRunRow]:
    """Each job's newest row."""
    newest = select(func.max(JobRun.id)).group_by(JobRun.job)
    rows = connection.execute(select(JobRun.__table__).where(JobRun.id.in_(newest)))
    return {row.job: JobRunRow(**row._mapping) for row in rows}


def starts_since(connection: Connection, since: datetime) -> list[JobRunRow]:
    """The rows of the time after a moment, oldest first."""
    rows = select(JobRun.__table__).where(JobRun.started_at >= since).order_by(JobRun.started_at, JobRun.id)
    return [JobRunRow(**row._mapping) for row in connection.execute(rows)]


def last_success(connection: Connection) -> dict[str, datetime]:
    """When each job was last done."""
    rows = select(JobRun.job, func.max(JobRun.finished_at)).where(JobRun.status == "done").group_by(JobRun.job)
    return {job: ended for job, ended in connection.execute(rows) if ended is not None}

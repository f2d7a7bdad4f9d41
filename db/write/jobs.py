"""Starts of jobs, by the schedule or by hand, and how they ended."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, func, insert, select, update

from db.rows import JobRunRow, JobStatus
from db.schema.models import JobRun

GIVEN_UP = "the process ended before the job did"


def start_job(connection: Connection, job: str, *, due_at: datetime | None) -> int:
    """Store that a job begins, and that an earlier start of it which never ended has died.

    If that one is still at work after all, it overwrites this when it ends.

    Args:
        due_at: when the schedule wanted it; None if a person started it.

    Returns:
        The row's number, for `finish_job`.
    """
    now = datetime.now(UTC)
    unfinished = update(JobRun).where(JobRun.job == job, JobRun.status == "running")
    connection.execute(unfinished.values(status="died", finished_at=now, message=GIVEN_UP))
    started = insert(JobRun).values(job=job, due_at=due_at, started_at=now, status="running")
    return connection.execute(started.returning(JobRun.id)).scalar_one()


def finish_job(connection: Connection, number: int, *, status: JobStatus, message: str) -> None:
    """Store how a job ended."""
    ended = {"status": status, "message": message, "finished_at": datetime.now(UTC)}
    connection.execute(update(JobRun).where(JobRun.id == number).values(ended))


def last_starts(connection: Connection) -> dict[str, JobRunRow]:
    """The newest start of each job."""
    newest = select(func.max(JobRun.id)).group_by(JobRun.job)
    rows = connection.execute(select(JobRun.__table__).where(JobRun.id.in_(newest)))
    return {row.job: JobRunRow(**row._mapping) for row in rows}


def starts_since(connection: Connection, since: datetime) -> list[JobRunRow]:
    """The starts since a moment, oldest first."""
    rows = select(JobRun.__table__).where(JobRun.started_at >= since).order_by(JobRun.started_at, JobRun.id)
    return [JobRunRow(**row._mapping) for row in connection.execute(rows)]


def last_success(connection: Connection) -> dict[str, datetime]:
    """When each job last ended as "done"."""
    rows = select(JobRun.job, func.max(JobRun.finished_at)).where(JobRun.status == "done").group_by(JobRun.job)
    return {job: ended for job, ended in connection.execute(rows) if ended is not None}

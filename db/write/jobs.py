"""Write the starts and ends of jobs."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, insert, update

from db.rows import JobStatus
from db.schema.models import JobRun

GIVEN_UP = "the process ended before the job did"


def start_job(connection: Connection, job: str, *, due_at: datetime | None) -> int:
    """Store that a job begins, and mark an unfinished earlier start of it as died.

    If that one is still running after all, it overwrites this when it ends.

    Args:
        due_at: its scheduled time; None if a person started it.

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

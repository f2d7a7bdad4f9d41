"""The workers of a run, and what is left for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from db.clock import database_time
from db.schema.models import Lease
from db.schema.workers import Task, Worker


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """One process that works, or worked, in a run."""

    host: str
    pid: int
    status: str  # "silent": it has not renewed its lease in time, and nobody has given it up yet
    started_at: datetime
    engine: str | None  # until the worker has opened its model
    tagged: int
    none: int
    failed: int

    def __str__(self) -> str:
        done = f"{self.tagged} tagged, {self.none} without a known landmark, {self.failed} failed"
        engine = f"; {self.engine}" if self.engine else ""
        return f"worker on {self.host}, process {self.pid}: {self.status}, {done}{engine}"


@dataclass(frozen=True, slots=True)
class Queue:
    """The files that are left in runs that workers share."""

    waiting: int
    in_progress: int  # claimed by workers


def workers_of(connection: Connection, run: int) -> list[WorkerRow]:
    """The workers of a run, in the order in which they joined."""
    names = ("host", "pid", "status", "started_at", "engine", "tagged", "none", "failed")
    columns = [Worker.__table__.c[name] for name in names]
    rows = connection.execute(select(*columns, Worker.expires_at).where(Worker.run_id == run).order_by(Worker.id))
    now = database_time(connection)
    return [_worker(dict(zip(names, row, strict=False)), is_silent=row.expires_at < now) for row in rows]


def live_workers(connection: Connection, run: int | None = None) -> int:
    """The number of workers, of a run or of all, that have renewed their leases."""
    alive = select(func.count()).where(Worker.status == "running", Worker.expires_at >= database_time(connection))
    return connection.execute(alive if run is None else alive.where(Worker.run_id == run)).scalar_one()


def queue(connection: Connection) -> Queue:
    """What is left for workers."""
    tasks = select(func.count()).select_from(Task).scalar_subquery()
    claims = select(func.count()).select_from(Lease).where(Lease.worker_id > 0).scalar_subquery()
    return Queue(*connection.execute(select(tasks, claims)).one())


def _worker(values: dict[str, object], *, is_silent: bool) -> WorkerRow:
    if values["status"] == "running" and is_silent:
        values["status"] = "silent"
    return WorkerRow(**values)  # type: ignore[arg-type]

"""Write workers: the processes that share a run.

The one rule: a worker whose lease has expired is given up in one statement, so that only one process gives its work
away, and the worker itself notices. Leases expire by the database's clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Update, exists, or_, select, update

from db.clock import database_time
from db.dialect import insert
from db.rows import RunCounts
from db.schema.models import Lease, Model, Run
from db.schema.workers import Task, Worker
from db.write.runs import is_shared
from db.write.shared.claims import KEPT, count_deaths, return_claims

WorkerEnd = Literal["done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class WorkerStart:
    """The properties of a worker that begins."""

    host: str
    pid: int
    memory: str  # how often its machine was short of memory
    lease_s: float  # without a renewal in this time it counts as dead


@dataclass(frozen=True, slots=True)
class SharedRun:
    """The run that workers share now."""

    id: int
    model_id: int  # the row id of its model
    roots: tuple[str, ...]
    k: int
    min_score: float


def shared_run(connection: Connection) -> SharedRun | None:
    """The run in progress that workers share."""
    columns = (Run.id, Run.model_id, Run.roots, Run.k, Model.min_score)
    shared = select(*columns).join(Model).where(Run.status == "running", is_shared())
    newest = shared.order_by(Run.id.desc()).limit(1)
    row = connection.execute(newest).first()
    return SharedRun(row.id, row.model_id, tuple(row.roots), row.k, row.min_score) if row else None


def start_worker(connection: Connection, start: WorkerStart, *, run: int) -> int:
    """Store that a worker begins, and return its number."""
    now = database_time(connection)
    row = {"host": start.host, "pid": start.pid, "memory": start.memory, "run_id": run, "status": "running"}
    row |= {"started_at": now, "expires_at": now + timedelta(seconds=start.lease_s)}
    return connection.execute(insert(Worker).values(row).returning(Worker.id)).scalar_one()


def set_worker_engine(connection: Connection, worker: int, engine: str) -> None:
    """Store which engine a worker uses."""
    connection.execute(update(Worker).where(Worker.id == worker).values(engine=engine))


def renew_worker(connection: Connection, worker: int, *, lease_s: float, memory: str) -> bool:
    """Store that a worker is alive.

    Returns:
        Whether its claims are still its own; if not, it was given up.
    """
    expires_at = database_time(connection) + timedelta(seconds=lease_s)
    return bool(connection.execute(_running(worker).values(expires_at=expires_at, memory=memory)).rowcount)


def add_counts(connection: Connection, worker: int, counts: RunCounts, progress: dict[str, Any]) -> None:
    """Add what a worker has stored to its own counts and to those of its run."""
    added = {name: getattr(counts, name) for name in ("tagged", "none", "failed", "inherited")}
    run = select(Worker.run_id).where(Worker.id == worker).scalar_subquery()
    columns, total = Worker.__table__.c, Run.__table__.c
    sums = {name: columns[name] + count for name, count in added.items()}
    connection.execute(update(Worker).where(Worker.id == worker).values(**sums, progress=progress))
    connection.execute(update(Run).where(Run.id == run).values({n: total[n] + count for n, count in added.items()}))


def finish_worker(connection: Connection, worker: int, *, status: WorkerEnd, progress: dict[str, Any]) -> bool:
    """Store how a worker ended; false if it was given up before."""
    return bool(connection.execute(_running(worker).values(status=status, progress=progress)).rowcount)


def workers_at_work(connection: Connection, run: int | None = None) -> list[str]:
    """The workers of a run, or of all runs, that have not ended: ``process 7 on attic``."""
    rows = select(Worker.pid, Worker.host).where(Worker.status == "running").order_by(Worker.id)
    if run is not None:
        rows = rows.where(Worker.run_id == run)
    return [f"worker, process {pid} on {host}" for pid, host in connection.execute(rows)]


def progress_of(connection: Connection, run: int) -> list[dict[str, Any]]:
    """What the workers of a run have reported."""
    rows = select(Worker.progress).where(Worker.run_id == run, Worker.progress.is_not(None)).order_by(Worker.id)
    return [progress for progress in connection.execute(rows).scalars() if progress]


def give_up_expired(connection: Connection, *, are_files_suspect: Callable[[str], bool]) -> list[str]:
    """Give up workers whose leases have expired, so that others may claim their files.

    Args:
        are_files_suspect: called with a worker's note about memory; whether its files may have caused its death.

    Returns:
        Who they were.
    """
    expired = update(Worker).where(Worker.status == "running", Worker.expires_at < database_time(connection))
    columns = (Worker.id, Worker.pid, Worker.host, Worker.memory)
    died = connection.execute(expired.values(status="died").returning(*columns)).all()
    for worker, _, _, memory in died:
        if are_files_suspect(memory):
            count_deaths(connection, worker)
        else:
            return_claims(connection, worker)
    return [f"process {pid} on {host}" for _, pid, host, _ in died]


def has_work(connection: Connection, run: int) -> bool:
    """Whether a run has files that wait, or that workers have claimed."""
    is_open = or_(Lease.worker_id.is_(None), Lease.worker_id != KEPT)
    waits, claimed = exists().where(Task.run_id == run), exists().where(Lease.run_id == run, is_open)
    return bool(connection.execute(select(waits | claimed)).scalar_one())


def _running(worker: int) -> Update:
    return update(Worker).where(Worker.id == worker, Worker.status == "running")

"""Write claims: a worker takes files of a run that no other has, and gives back those that it does not finish.

The one rule: a file is in one place at a time. It waits as a task; a claim makes it a lease with a worker; the
transaction that stores its result ends that lease, if it is still this worker's. A lease without a worker is a suspect:
workers died with it in progress, so it is claimed last and alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from db.batching import in_batches
from db.dialect import insert
from db.schema.models import Lease, Run
from db.schema.workers import Task, Worker
from db.write.runs import lease_files
from tagger.core.types import FoundFile

KEPT = 0  # the worker of a file in quarantine
STAMPS = ("size_bytes", "mtime_ns", "ctime_ns")


def add_tasks(connection: Connection, files: Iterable[FoundFile], *, run: int) -> None:
    """Let files of a run wait to be claimed; those that wait already keep their place."""
    rows = [{"run_id": run, **file._asdict()} for file in files]
    if rows:
        connection.execute(insert(Task).on_conflict_do_nothing(index_elements=["path"]), rows)


def add_suspects(connection: Connection, files: Sequence[FoundFile], *, run: int) -> None:
    """Let files that were in progress when earlier runs died wait, to be claimed last; those of this run do already."""
    of_run: set[str] = set()
    for batch in in_batches([file.path for file in files]):
        of_run |= set(
            connection.execute(select(Lease.path).where(Lease.path.in_(batch), Lease.run_id == run)).scalars()
        )
    earlier = [file for file in files if file.path not in of_run]
    lease_files(connection, [file.path for file in earlier], run=run)
    _stamp(connection, earlier, worker=None)


def claim_files(connection: Connection, *, worker: int, limit: int) -> list[FoundFile]:
    """Claim waiting files of the worker's run, in their order; none if none wait, or if the worker was given up."""
    run = select(Worker.run_id).where(Worker.id == worker, Worker.status == "running").scalar_subquery()
    first = select(Task.id).where(Task.run_id == run).order_by(Task.id).limit(limit)
    chosen = first.with_for_update(skip_locked=True).cte("chosen")  # SQLite has one writer at a time
    columns = (Task.id, Task.run_id, Task.path, *(getattr(Task, name) for name in STAMPS))
    taken = delete(Task).where(Task.id.in_(select(chosen.c.id))).returning(*columns)
    rows = sorted(connection.execute(taken).all(), key=lambda row: row.id)
    if rows:
        files = [FoundFile(*row[2:]) for row in rows]
        lease_files(connection, [file.path for file in files], run=rows[0].run_id)
        _stamp(connection, files, worker=worker)
        return files
    return []


def claim_suspect(connection: Connection, *, worker: int) -> tuple[FoundFile, int] | None:
    """Claim a suspect of the worker's run, and how many workers and runs died with it; those with the fewest first."""
    run = select(Worker.run_id).where(Worker.id == worker, Worker.status == "running").scalar_subquery()
    waiting = select(Lease.path).where(Lease.run_id == run, Lease.worker_id.is_(None))
    first = waiting.order_by(Lease.attempts, Lease.path).limit(1).with_for_update(skip_locked=True).cte("first")
    columns = (Lease.path, *(getattr(Lease, name) for name in STAMPS), Lease.attempts)
    claimed = update(Lease).where(Lease.path.in_(select(first.c.path))).values(worker_id=worker).returning(*columns)
    row = connection.execute(claimed).first()
    return (FoundFile(*row[:4]), row.attempts) if row else None


def finish_claims(connection: Connection, paths: Iterable[str], *, worker: int) -> set[str]:
    """End the claims on files that have a result.

    Returns:
        The paths that were still this worker's; the results of others belong to whoever claimed them since.
    """
    mine: set[str] = set()
    for batch in in_batches(paths):
        ended = delete(Lease).where(Lease.path.in_(batch), Lease.worker_id == worker).returning(Lease.path)
        mine |= set(connection.execute(ended).scalars())
    return mine


def keep_as_suspect(connection: Connection, path: str, *, worker: int) -> bool:
    """Keep a file that goes to quarantine as a suspect for later runs, as after one death; its run is done with it.

    Returns:
        Whether it was still this worker's.
    """
    mine = update(Lease).where(Lease.path == path, Lease.worker_id == worker)
    return bool(connection.execute(mine.values(worker_id=KEPT, attempts=1)).rowcount)


def return_claims(connection: Connection, worker: int) -> None:
    """Let the files that a worker claimed wait for others; suspects stay suspects."""
    mine = Lease.worker_id == worker
    columns = (Lease.run_id, Lease.path, *(getattr(Lease, name) for name in STAMPS))
    rows = connection.execute(delete(Lease).where(mine, Lease.attempts == 0).returning(*columns)).all()
    if rows:
        connection.execute(insert(Task).on_conflict_do_nothing(), [row._asdict() for row in rows])
    connection.execute(update(Lease).where(mine).values(worker_id=None))


def count_deaths(connection: Connection, worker: int) -> None:
    """Count a death for the files that a worker had in progress; they are suspects now."""
    died = update(Lease).where(Lease.worker_id == worker)
    connection.execute(died.values(attempts=Lease.attempts + 1, worker_id=None))


def drop_tasks(connection: Connection) -> None:
    """Forget what waits in runs that have ended."""
    ended = select(Run.id).where(Run.status != "running")
    connection.execute(delete(Task).where(Task.run_id.in_(ended)))


def _stamp(connection: Connection, files: Iterable[FoundFile], *, worker: int | None) -> None:
    """Complete leases with who claimed them and what the scan found."""
    rows = [{"at_path": file.path, "of_worker": worker, **_stamps(file)} for file in files]
    stamps: dict[str, Any] = {name: bindparam(f"new_{name}") for name in STAMPS}
    statement = update(Lease).where(Lease.path == bindparam("at_path"))
    if rows:
        connection.execute(statement.values(worker_id=bindparam("of_worker"), **stamps), rows)


def _stamps(file: FoundFile) -> dict[str, int | None]:
    return {f"new_{name}": getattr(file, name) for name in STAMPS}

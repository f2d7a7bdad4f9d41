"""Write models, runs, and leases: the files that runs have in progress. Results are in `db.write.results`.

The one rule: a file is leased before it is opened, and released in the transaction that stores its result. So a lease
that exists when a run begins belongs to a run that died.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Select,
    bindparam,
    case,
    delete,
    exists,
    func,
    select,
    update,
)

from db.clock import database_time
from db.dialect import insert, least
from db.rows import ModelRow, OpenRun, RunCounts, RunStart, RunStatus
from db.schema.models import Landmark, Lease, Model, Run
from db.schema.workers import Task, Worker
from tagger.core import types

BOT = "telegram"  # the bot's run lasts as long as the bot and excludes no other run
DETAILS = ("name", "country", "lat", "lon", "city", "aliases", "wikidata", "names", "cities")


def register_model(connection: Connection, model: ModelRow, *, landmarks: Iterable[types.Landmark]) -> int:
    """Store a model and its landmarks.

    The newest model updates the landmarks' details whenever it is used, since its card may have better names by now. An
    older one does not, so that it does not restore old details.

    Returns:
        The model's number, which the other functions ask for.
    """
    stored = select(Model.id).where(Model.model_id == model.model_id)
    number, newest = connection.execute(stored).scalar(), connection.execute(select(func.max(Model.id))).scalar()
    if number is not None and number != newest:
        return number
    statement = insert(Landmark)
    details = {name: statement.excluded[name] for name in DETAILS}
    rows = list(map(_landmark_row, landmarks))
    if number is None:
        connection.execute(insert(Model).values(**asdict(model), added_at=datetime.now(UTC)))
    if rows:
        connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=details), rows)
    return connection.execute(stored).scalar_one()


def _landmark_row(landmark: types.Landmark) -> dict[str, Any]:
    return {"key": landmark.id, **{name: getattr(landmark, name) for name in DETAILS}}


def start_run(connection: Connection, start: RunStart, *, model: int) -> int:
    """Store that a run begins, and return its number."""
    started = insert(Run).values(
        **asdict(start), model_id=model, started_at=database_time(connection), status="running"
    )
    return connection.execute(started.returning(Run.id)).scalar_one()


def set_engine(connection: Connection, run: int, *, engine: str, device: str, precision: str, reason: str) -> None:
    """Store the engine of a run, which opens its model after it begins."""
    chosen = {"engine": engine, "device": device, "precision": precision, "reason": reason}
    connection.execute(update(Run).where(Run.id == run).values(chosen))


def save_counts(connection: Connection, run: int, counts: RunCounts) -> None:
    """Store a run's progress, so that it is known even if the run dies."""
    connection.execute(update(Run).where(Run.id == run).values(asdict(counts)))


def finish_run(
    connection: Connection, run: int, *, status: RunStatus, counts: RunCounts, error: str | None = None
) -> None:
    """Store how a run ended."""
    finished = {"status": status, "finished_at": database_time(connection), "error": error, **asdict(counts)}
    connection.execute(update(Run).where(Run.id == run).values(finished))


def save_report(connection: Connection, run: int, report: dict[str, Any]) -> None:
    """Store a run's report, which `db.read.run_report` reads."""
    connection.execute(update(Run).where(Run.id == run).values(report=report))


def running(connection: Connection) -> OpenRun | None:
    """The newest run that has not ended, except the bot's."""
    row = connection.execute(_open_runs().order_by(Run.id.desc()).limit(1)).first()
    return OpenRun(*row) if row else None


def mark_died(
    connection: Connection, *, are_files_suspect: bool = True, except_run: int | None = None
) -> list[OpenRun]:
    """Mark all unfinished runs as died.

    Only for a caller that holds the run lock, because then no run is in progress.

    Args:
        are_files_suspect: count a death for the files that they had in progress; else release those. Deaths of workers
            have been counted already, see `db.write.shared.workers.give_up_expired`.
        except_run: the run that workers share; they may go on without the one that led them.
    """
    unfinished = [OpenRun(*row) for row in connection.execute(_open_runs().order_by(Run.id))]
    died = [run for run in unfinished if run.id != except_run]
    connection.execute(update(Run).where(Run.id.in_([run.id for run in died])).values(status="died"))
    connection.execute(delete(Task).where(Task.run_id.in_([run.id for run in died])))
    alone = select(Run.id).where(Run.id.in_([run.id for run in died]), ~is_shared())
    numbers = list(connection.execute(alone).scalars())
    if are_files_suspect:
        count_death(connection, numbers)
    else:
        for number in numbers:
            release_run(connection, run=number)
    return died


def lease_files(connection: Connection, paths: Iterable[str], *, run: int) -> None:
    """Lease files to a run. A file keeps its count of deaths, see `_deaths`."""
    now = datetime.now(UTC)
    rows = [{"path": path, "run_id": run, "taken_at": now, "attempts": 0, "by_run": run} for path in paths]
    if rows:
        connection.execute(_lease(), rows)


def release_files(connection: Connection, paths: Iterable[str]) -> None:
    """Release files that have a result."""
    if rows := [{"at_path": path} for path in paths]:
        connection.execute(delete(Lease).where(Lease.path == bindparam("at_path")), rows)


def release_run(connection: Connection, *, run: int) -> None:
    """Release the files of a run that ends normally, except suspects, which stay leased until they have a result."""
    connection.execute(delete(Lease).where(Lease.run_id == run, Lease.attempts == 0))


def count_death(connection: Connection, runs: Iterable[int]) -> None:
    """Count a death for all files that these runs had in progress when they died or failed."""
    died = update(Lease).where(Lease.run_id.in_(list(runs)))
    connection.execute(died.values(attempts=Lease.attempts + 1))


def keep_one_death(connection: Connection, path: str) -> None:
    """Reset the count of a file that goes to quarantine; it stays a suspect, so that a retry runs it alone."""
    connection.execute(update(Lease).where(Lease.path == path).values(attempts=1))


def abandoned_files(connection: Connection, *, model: int | None = None) -> dict[str, int]:
    """The files that were in progress when runs died, with the number of deaths. Only while no run is in progress.

    Args:
        model: whose deaths count; None counts all.
    """
    deaths = Lease.attempts if model is None else _deaths(model)
    return dict(connection.execute(select(Lease.path, deaths)).all())


@cache
def _lease() -> Executable:
    """Built once: a statement takes as long to build as to run."""
    statement = insert(Lease)
    model = select(Run.model_id).where(Run.id == bindparam("by_run")).scalar_subquery()
    new = {"run_id": statement.excluded.run_id, "taken_at": statement.excluded.taken_at, "attempts": _deaths(model)}
    return statement.on_conflict_do_update(index_elements=["path"], set_=new)


def _deaths(model: Any) -> ColumnElement[int]:
    """How many runs died with a file and this model. Deaths with other models count as one: it is still a suspect."""
    is_by_model = Lease.run_id.in_(select(Run.id).where(Run.model_id == model))
    return case((is_by_model, Lease.attempts), else_=least(Lease.attempts, 1))


def is_shared() -> ColumnElement[bool]:
    """Whether workers share a run."""
    return exists().where(Worker.run_id == Run.id)


def _open_runs() -> Select[*tuple[Any, ...]]:
    columns = (Run.id, Run.job, Run.pid, Run.host, Run.started_at)
    return select(*columns).where(Run.status == "running", Run.job != BOT)

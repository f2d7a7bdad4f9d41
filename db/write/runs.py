"""Writes models and runs. What a run finds is written by `db.write.results`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, select, update
from sqlalchemy.dialects.sqlite import insert

from db.rows import ModelRow, OpenRun, RunCounts, RunStart, RunStatus
from db.schema.models import Landmark, Model, Run
from db.write.leases import count_death
from tagger.core import types

BOT = "telegram"  # the job of the bot's run, which lasts as long as the bot and excludes no other run
DETAILS = ("name", "country", "lat", "lon", "city", "aliases", "wikidata")


def register_model(connection: Connection, model: ModelRow, *, landmarks: Iterable[types.Landmark]) -> int:
    """Store a model and its landmarks.

    A new model updates the landmarks' details. A known one changes nothing, so that going back to an old model does
    not bring back its old details.

    Returns:
        The model's number, which the other functions ask for.
    """
    known = select(Model.id).where(Model.model_id == model.model_id)
    if (number := connection.execute(known).scalar()) is not None:
        return number
    connection.execute(insert(Model).values(**asdict(model), added_at=datetime.now(UTC)))
    statement = insert(Landmark)
    details = {name: statement.excluded[name] for name in DETAILS}
    if rows := list(map(_landmark_row, landmarks)):
        connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=details), rows)
    return connection.execute(known).scalar_one()


def _landmark_row(landmark: types.Landmark) -> dict[str, Any]:
    row = asdict(landmark)
    return {"key": row.pop("id"), **row}


def start_run(connection: Connection, start: RunStart, *, model: int) -> int:
    """Store that a run begins, and return its number."""
    started = insert(Run).values(**asdict(start), model_id=model, started_at=datetime.now(UTC), status="running")
    return connection.execute(started.returning(Run.id)).scalar_one()


def set_engine(connection: Connection, run: int, *, engine: str, device: str, precision: str, reason: str) -> None:
    """Store on what the model was opened; a run begins before that."""
    chosen = {"engine": engine, "device": device, "precision": precision, "reason": reason}
    connection.execute(update(Run).where(Run.id == run).values(chosen))


def save_counts(connection: Connection, run: int, counts: RunCounts) -> None:
    """Store how far a run has come, so that it is known even if it dies."""
    connection.execute(update(Run).where(Run.id == run).values(asdict(counts)))


def finish_run(
    connection: Connection, run: int, *, status: RunStatus, counts: RunCounts, error: str | None = None
) -> None:
    """Store how a run ended."""
    finished = {"status": status, "finished_at": datetime.now(UTC), "error": error, **asdict(counts)}
    connection.execute(update(Run).where(Run.id == run).values(finished))


def save_report(connection: Connection, run: int, report: dict[str, Any]) -> None:
    """Store a run's report, which `db.read.run_report` reads."""
    connection.execute(update(Run).where(Run.id == run).values(report=report))


def running(connection: Connection) -> OpenRun | None:
    """The newest run that has not ended, except the bot's."""
    row = connection.execute(_open_runs().order_by(Run.id.desc()).limit(1)).first()
    return OpenRun(*row) if row else None


def mark_died(connection: Connection) -> list[OpenRun]:
    """Mark all runs that have not ended as died, and count a death for the files that they had in work.

    Only for a caller that holds the run lock, because then no run is at work.
    """
    died = [OpenRun(*row) for row in connection.execute(_open_runs().order_by(Run.id))]
    numbers = [run.id for run in died]
    connection.execute(update(Run).where(Run.id.in_(numbers)).values(status="died"))
    count_death(connection, numbers)
    return died


def _open_runs() -> Select[*tuple[Any, ...]]:
    columns = (Run.id, Run.job, Run.pid, Run.host, Run.started_at)
    return select(*columns).where(Run.status == "running", Run.job != BOT)

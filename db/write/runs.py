"""Writing what frames a batch: models, runs, and files that went or came back. Batches are in `db.write.results`.

Every function runs inside the caller's `Store.write` transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from db.rows import LandmarkRow, ModelRow, OpenRun, RunCounts, RunStart, RunStatus
from db.schema.models import File, Landmark, Model, Run
from db.write.leases import count_death

BOT = "telegram"  # the job of a run that stands beside all others
DETAILS = ("name", "country", "lat", "lon", "city", "aliases", "wikidata")


def register_model(connection: Connection, model: ModelRow, *, landmarks: Sequence[LandmarkRow]) -> int:
    """Make a model and its landmarks known.

    A model seen for the first time brings the landmarks' details up to date; one seen before changes nothing, so that
    going back to an old model does not bring back its old details.

    Returns:
        The number by which the other functions know this model.
    """
    known = select(Model.id).where(Model.model_id == model.model_id)
    if (number := connection.execute(known).scalar()) is not None:
        return number
    connection.execute(insert(Model).values(**asdict(model), added_at=datetime.now(UTC)))
    statement = insert(Landmark)
    details = {name: statement.excluded[name] for name in DETAILS}
    if landmarks:
        statement = statement.on_conflict_do_update(index_elements=["key"], set_=details)
        connection.execute(statement, [asdict(landmark) for landmark in landmarks])
    return connection.execute(known).scalar_one()


def start_run(connection: Connection, start: RunStart, *, model: int) -> int:
    """Returns:
    The run's number.
    """
    started = insert(Run).values(**asdict(start), model_id=model, started_at=datetime.now(UTC), status="running")
    return connection.execute(started.returning(Run.id)).scalar_one()


def set_engine(connection: Connection, run: int, *, engine: str, device: str, precision: str, reason: str) -> None:
    """A run begins before its model is opened; this says what it was opened on."""
    chosen = {"engine": engine, "device": device, "precision": precision, "reason": reason}
    connection.execute(update(Run).where(Run.id == run).values(chosen))


def save_counts(connection: Connection, run: int, counts: RunCounts) -> None:
    """How far a run has come, so that it is known even if it dies."""
    connection.execute(update(Run).where(Run.id == run).values(asdict(counts)))


def finish_run(
    connection: Connection, run: int, *, status: RunStatus, counts: RunCounts, error: str | None = None
) -> None:
    finished = {"status": status, "finished_at": datetime.now(UTC), "error": error, **asdict(counts)}
    connection.execute(update(Run).where(Run.id == run).values(finished))


def save_report(connection: Connection, run: int, report: dict[str, Any]) -> None:
    connection.execute(update(Run).where(Run.id == run).values(report=report))


def running(connection: Connection) -> OpenRun | None:
    """The newest run that has not ended, the bot's left out."""
    row = connection.execute(_open_runs().order_by(Run.id.desc()).limit(1)).first()
    return OpenRun(*row) if row else None


def mark_died(connection: Connection) -> list[OpenRun]:
    """Every run that has not ended, died, and what it had in work is suspect. Only for whoever keeps all others away:
    no run is at work then."""
    died = [OpenRun(*row) for row in connection.execute(_open_runs().order_by(Run.id))]
    numbers = [run.id for run in died]
    connection.execute(update(Run).where(Run.id.in_(numbers)).values(status="died"))
    count_death(connection, numbers)
    return died


def mark_gone(connection: Connection, paths: Iterable[str]) -> None:
    """These files are not there any more. Their photos keep tags and decisions."""
    _set_gone(connection, paths, datetime.now(UTC))


def mark_present(connection: Connection, paths: Iterable[str]) -> None:
    """These files were gone and are back as they were: a drive is mounted again."""
    _set_gone(connection, paths, None)


def _open_runs() -> Select[*tuple[Any, ...]]:
    columns = (Run.id, Run.job, Run.pid, Run.host, Run.started_at)
    return select(*columns).where(Run.status == "running", Run.job != BOT)


def _set_gone(connection: Connection, paths: Iterable[str], gone_at: datetime | None) -> None:
    changed = File.gone_at.is_(None) if gone_at else File.gone_at.is_not(None)
    statement = update(File).where(File.path == bindparam("at_path"), changed).values(gone_at=gone_at)
    rows = [{"at_path": path} for path in paths]
    if rows:
        connection.execute(statement, rows)

"""Writing what frames a batch: models, runs, and files that went or came back. Batches are in `db.outcomes`.

Every function runs inside the caller's `Store.write` transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from db.models import File, Landmark, Model, Run
from db.rows import LandmarkRow, ModelRow, RunCounts, RunStart, RunStatus

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


def finish_run(
    connection: Connection, run: int, *, status: RunStatus, counts: RunCounts, error: str | None = None
) -> None:
    finished = {"status": status, "finished_at": datetime.now(UTC), "error": error, **asdict(counts)}
    connection.execute(update(Run).where(Run.id == run).values(finished))


def mark_gone(connection: Connection, paths: Iterable[str]) -> None:
    """These files are not there any more. Their photos keep tags and decisions."""
    _set_gone(connection, paths, datetime.now(UTC))


def mark_present(connection: Connection, paths: Iterable[str]) -> None:
    """These files were gone and are back as they were: a drive is mounted again."""
    _set_gone(connection, paths, None)


def _set_gone(connection: Connection, paths: Iterable[str], gone_at: datetime | None) -> None:
    changed = File.gone_at.is_(None) if gone_at else File.gone_at.is_not(None)
    statement = update(File).where(File.path == bindparam("at_path"), changed).values(gone_at=gone_at)
    rows = [{"at_path": path} for path in paths]
    if rows:
        connection.execute(statement, rows)

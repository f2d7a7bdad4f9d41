"""Files in work. What is still here when a run begins was in work when an earlier run died.

The one rule: a file is leased before it is touched, and let go in the transaction that stores what became of it.
Every function runs inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from db.schema.models import Lease


def take(connection: Connection, paths: Iterable[str], *, run: int) -> None:
    """A file that was in work when earlier runs died keeps their number."""
    now = datetime.now(UTC)
    statement = insert(Lease)
    mine = {name: statement.excluded[name] for name in ("run_id", "taken_at")}
    rows = [{"path": path, "run_id": run, "taken_at": now, "attempts": 0} for path in paths]
    if rows:
        connection.execute(statement.on_conflict_do_update(index_elements=["path"], set_=mine), rows)


def release(connection: Connection, paths: Iterable[str]) -> None:
    if rows := [{"at_path": path} for path in paths]:
        connection.execute(delete(Lease).where(Lease.path == bindparam("at_path")), rows)


def release_all(connection: Connection, *, run: int) -> None:
    """A run ends in order: nothing of it is in work any more. A suspect stays one until there is an answer."""
    connection.execute(delete(Lease).where(Lease.run_id == run, Lease.attempts == 0))


def count_death(connection: Connection, runs: Iterable[int]) -> None:
    """These runs died, or broke on what may be a photo's doing: one attempt more for what each had in work."""
    died = update(Lease).where(Lease.run_id.in_(list(runs)))
    connection.execute(died.values(attempts=Lease.attempts + 1))


def keep_one_death(connection: Connection, path: str) -> None:
    """It is in quarantine; should somebody try it again, that is to be alone."""
    connection.execute(update(Lease).where(Lease.path == path).values(attempts=1))


def left_behind(connection: Connection) -> dict[str, int]:
    """Every file that was in work when a run died, and how often that was so. Only while no run is at work."""
    return dict(connection.execute(select(Lease.path, Lease.attempts)).all())

"""Leases: the files that a run has in work. A lease that is left when a run begins belongs to a run that died.

The one rule: a file is leased before it is opened, and released in the transaction that stores its result.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from db.schema.models import Lease


def take(connection: Connection, paths: Iterable[str], *, run: int) -> None:
    """Lease files to a run. A file that was in work when earlier runs died keeps the count of them."""
    now = datetime.now(UTC)
    statement = insert(Lease)
    mine = {name: statement.excluded[name] for name in ("run_id", "taken_at")}
    rows = [{"path": path, "run_id": run, "taken_at": now, "attempts": 0} for path in paths]
    if rows:
        connection.execute(statement.on_conflict_do_update(index_elements=["path"], set_=mine), rows)


def release(connection: Connection, paths: Iterable[str]) -> None:
    """Release files that have a result."""
    if rows := [{"at_path": path} for path in paths]:
        connection.execute(delete(Lease).where(Lease.path == bindparam("at_path")), rows)


def release_all(connection: Connection, *, run: int) -> None:
    """Release the files of a run that ends in order, except suspects: they stay suspect until they have a result."""
    connection.execute(delete(Lease).where(Lease.run_id == run, Lease.attempts == 0))


def count_death(connection: Connection, runs: Iterable[int]) -> None:
    """Count a death for all files that these runs had in work: they died, or broke on what a photo may have caused."""
    died = update(Lease).where(Lease.run_id.in_(list(runs)))
    connection.execute(died.values(attempts=Lease.attempts + 1))


def keep_one_death(connection: Connection, path: str) -> None:
    """Reset the count of a file that goes to quarantine. It stays a suspect, so that a retry has it alone in work."""
    connection.execute(update(Lease).where(Lease.path == path).values(attempts=1))


def left_behind(connection: Connection) -> dict[str, int]:
    """The files that were in work when a run died, with how often that was. Only while no run is at work."""
    return dict(connection.execute(select(Lease.path, Lease.attempts)).all())

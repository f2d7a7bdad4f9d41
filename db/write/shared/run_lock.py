"""Write locks as rows, for stores that are not files which the system can lock.

A lock expires unless its holder renews it. An advisory lock would end with its connection, which a pooler may close.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, delete, update

from db.clock import database_time
from db.dialect import insert
from db.schema.workers import RunLock


def take_lock(connection: Connection, name: str, *, holder: str, lease_s: float) -> bool:
    """Take a lock that is free or has expired.

    Returns:
        Whether the holder has it now.
    """
    now = database_time(connection)
    statement = insert(RunLock).values(name=name, holder=holder, expires_at=now + timedelta(seconds=lease_s))
    taken = statement.on_conflict_do_update(
        index_elements=["name"],
        set_={"holder": statement.excluded.holder, "expires_at": statement.excluded.expires_at},
        where=RunLock.expires_at < now,
    )
    return connection.execute(taken.returning(RunLock.name)).first() is not None


def renew_lock(connection: Connection, name: str, *, holder: str, lease_s: float) -> bool:
    """Renew a lock; false if another process has taken it since."""
    expires_at = database_time(connection) + timedelta(seconds=lease_s)
    mine = update(RunLock).where(RunLock.name == name, RunLock.holder == holder)
    return bool(connection.execute(mine.values(expires_at=expires_at)).rowcount)


def free_lock(connection: Connection, name: str, *, holder: str) -> None:
    """Free a lock, unless another process has taken it since."""
    connection.execute(delete(RunLock).where(RunLock.name == name, RunLock.holder == holder))

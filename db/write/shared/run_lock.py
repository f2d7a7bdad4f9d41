"""Write locks as rows, for stores that are not files which the system can lock.

A lock expires unless its holder renews it. An advisory lock would end with its connection, which a pooler may close.

A holder is a text such as ``attic:1f3a 9c42 process 7 on attic``: the place where there is one holder at a time, a
random word, and what a person is told.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, delete, or_, select, update

from db.clock import database_time
from db.dialect import insert
from db.schema.workers import RunLock


def take_lock(connection: Connection, name: str, *, holder: str, lease_s: float) -> bool:
    """Take a lock that is free, has expired, or belongs to the same place, where its process has died.

    Returns:
        Whether the holder has it now.
    """
    now, place = database_time(connection), holder.partition(" ")[0]
    statement = insert(RunLock).values(name=name, holder=holder, expires_at=now + timedelta(seconds=lease_s))
    taken = statement.on_conflict_do_update(
        index_elements=["name"],
        set_={"holder": statement.excluded.holder, "expires_at": statement.excluded.expires_at},
        where=or_(RunLock.expires_at < now, RunLock.holder.startswith(f"{place} ", autoescape=True)),
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


def lock_holder(connection: Connection, name: str) -> str | None:
    """What a person is told about the process that has a lock; None if the lock is free."""
    holder = connection.execute(select(RunLock.holder).where(RunLock.name == name)).scalar()
    return None if holder is None else " ".join(holder.split(" ")[2:]) or "a process on another machine"

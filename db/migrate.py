"""Brings a database to the current schema when it is opened. Alembic is imported only if there is something to do.

The one rule: check, and if there is something to do, take the write lock and check again. Of two processes that open a
new database at once, the second waits and finds the work done.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.exc import OperationalError

from db.errors import NotAStore, StoreTooNew

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0004"
WRITING = "BEGIN IMMEDIATE"  # how `db.engine` begins a transaction that writes
MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(engine: Engine, file: str, timeout_s: float) -> None:
    """Bring the database to `HEAD`.

    Raises:
        StoreTooNew: a later version wrote it.
        NotAStore: it holds other tables.
    """
    with engine.connect() as connection:
        if _revision(connection) == HEAD:
            return
    _switch_to_wal(engine, timeout_s)
    with _without_foreign_keys(engine) as connection, connection.begin():
        found = _revision(connection)
        if found is None and inspect(connection).get_table_names():
            raise NotAStore(file, "it is a database of something else")
        if found != HEAD:
            _upgrade(connection, file, found)
            assert not connection.exec_driver_sql("PRAGMA foreign_key_check").first(), "a migration lost rows"


@contextmanager
def _without_foreign_keys(engine: Engine) -> Iterator[Connection]:
    """A connection that does not check foreign keys: a migration replaces tables to which others refer.

    SQLite accepts the switch only outside of a transaction.
    """
    with engine.connect() as connection:
        sqlite = connection.connection.driver_connection
        assert sqlite is not None
        sqlite.execute("PRAGMA foreign_keys = OFF")
        try:
            yield connection.execution_options(begin=WRITING)
        finally:
            connection.invalidate()  # so that the switch stays with nobody


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration without a file. In it a percent sign would be an interpolation."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _revision(connection: Connection) -> str | None:
    has_table = connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").scalar()
    if not has_table:
        return None
    found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return found


def _upgrade(connection: Connection, file: str, found: str | None) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    config = alembic_config(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise StoreTooNew(file, found)
    command.upgrade(config, "head")


def _switch_to_wal(engine: Engine, timeout_s: float) -> None:
    """Let readers never wait for the writer. The mode stays in the file.

    SQLite refuses at once, without its busy timeout, if another process is switching too.
    """
    deadline = time.monotonic() + timeout_s
    with engine.connect().execution_options(begin="") as connection:
        while True:
            try:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
                return
            except OperationalError as error:
                if "locked" not in str(error.orig) or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

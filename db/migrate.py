"""Create the schema in an empty database, and migrate an older one, when it is opened.

A new database is made from `db.schema` and marked as `HEAD`; Alembic is imported only to migrate an older one.

The one rule: check, take the write lock if there is work to do, and check again. Of two processes that open a new
database at the same time, the second waits and finds it ready.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.exc import OperationalError

from db.errors import NotAStore, StoreTooNew, StoreTooOld

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0022"
WRITING = "BEGIN IMMEDIATE"  # how `db.engine` begins a transaction that writes
MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = """
    CREATE TABLE alembic_version (
        version_num VARCHAR(32) NOT NULL,
        CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
    )
    """  # as Alembic makes it


def migrate(engine: Engine, file: str, timeout_s: float, *, is_writable: bool = True) -> None:
    """Bring the database to `HEAD`.

    Raises:
        StoreTooOld: it is behind `HEAD` and not writable.
        StoreTooNew: a later version wrote it.
        NotAStore: it has other tables.
    """
    with engine.connect() as connection:
        if _revision(connection) == HEAD:
            return
    if not is_writable:
        raise StoreTooOld(file)
    _switch_to_wal(engine, timeout_s)
    with _without_foreign_keys(engine) as connection, connection.begin():
        found = _revision(connection)
        if found is None:
            _create(connection, file)
        elif found != HEAD:
            _upgrade(connection, file, found)


@contextmanager
def _without_foreign_keys(engine: Engine) -> Iterator[Connection]:
    """Connect without foreign key checks, since a migration replaces tables that others refer to.

    SQLite accepts the switch only outside of a transaction.
    """
    with engine.connect() as connection:
        sqlite = connection.connection.driver_connection
        assert sqlite is not None
        sqlite.execute("PRAGMA foreign_keys = OFF")
        try:
            yield connection.execution_options(begin=WRITING)
        finally:
            connection.invalidate()  # so that no later user inherits the switch


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration without a file, in which a percent sign would be an interpolation."""
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


def _create(connection: Connection, file: str) -> None:
    from db.schema import blocks, sidecars, telegram, views, workers  # they import all tables

    if inspect(connection).get_table_names():
        raise NotAStore(file, "it is a database for something else")
    for base in {blocks.Base, sidecars.Base, telegram.Base, workers.Base}:  # one and the same
        base.metadata.create_all(connection, checkfirst=False)
    for name, rows in views.VIEWS.items():
        connection.exec_driver_sql(f"CREATE VIEW {name} AS {rows}")
    for statement in blocks.create_triggers():
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(VERSION_TABLE)
    connection.exec_driver_sql(f"PRAGMA user_version = {secrets.randbelow(2**31)}")  # see `db.write.backup`
    connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{HEAD}')")


def _upgrade(connection: Connection, file: str, found: str) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    config = alembic_config(connection)
    revisions = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found not in revisions:
        raise StoreTooNew(file, found)
    command.upgrade(config, "head")
    assert not connection.exec_driver_sql("PRAGMA foreign_key_check").first(), "a migration lost rows"


def _switch_to_wal(engine: Engine, timeout_s: float) -> None:
    """Switch to WAL mode, in which readers never wait for the writer; the file keeps the mode.

    SQLite refuses immediately, without its busy timeout, if another process is switching too.
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

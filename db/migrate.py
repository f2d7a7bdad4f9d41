"""Create the schema in an empty database, and migrate an older one, when it is opened.

A new database is made from `db.schema` and marked as `HEAD`; Alembic is imported only to migrate an older one.

The one rule: check, take the write lock if there is work to do, and check again. Of two processes that open a new
database at the same time, the second waits and finds it ready.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect

from db.errors import NotAStore, StoreTooNew

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0028"
MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = """
    CREATE TABLE alembic_version (
        version_num VARCHAR(32) NOT NULL,
        CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
    )
    """  # as Alembic makes it
MARK = {  # a random number tells a database from others in its place, see `db.write.backup` and `db.postgres`
    "sqlite": "PRAGMA user_version = {}",
    "postgresql": "COMMENT ON TABLE alembic_version IS 'landmark-tagger {}'",
}


def is_at_head(connection: Connection) -> bool:
    """Whether the database has the newest revision."""
    return revision(connection) == HEAD


def create_or_upgrade(connection: Connection, name: str) -> bool:
    """Bring the database to `HEAD`.

    Args:
        connection: of a transaction that writes.
        name: of the store, for messages.

    Returns:
        Whether it was upgraded.

    Raises:
        StoreTooNew: a later version wrote it.
        NotAStore: it has other tables.
    """
    found = revision(connection)
    if found is None:
        _create(connection, name)
    elif found != HEAD:
        _upgrade(connection, name, found)
    return found is not None


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration without a file, in which a percent sign would be an interpolation."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def revision(connection: Connection) -> str | None:
    """The revision of a database's schema; None if it is no store."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return found


def _create(connection: Connection, name: str) -> None:
    from db.schema import blocks, sidecars, taught, telegram, views, workers  # they import all tables

    if inspect(connection).get_table_names():
        raise NotAStore(name, "it is a database for something else")
    for base in {blocks.Base, sidecars.Base, taught.Base, telegram.Base, workers.Base}:  # one and the same
        base.metadata.create_all(connection, checkfirst=False)
    dialect = connection.dialect.name
    for statement in (*views.create_views(dialect), *blocks.create_triggers(dialect), VERSION_TABLE):
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(MARK[dialect].format(secrets.randbelow(2**31)))
    connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{HEAD}')")


def _upgrade(connection: Connection, name: str, found: str) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    config = alembic_config(connection)
    revisions = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found not in revisions:
        raise StoreTooNew(name, found)
    command.upgrade(config, "head")

"""A store in a PostgreSQL database. Needs the extra `postgres`.

Writers queue by an advisory lock of their transaction. One of a session would not survive a pooler, which may hand each
transaction to another session; prepared statements would not, either.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import platformdirs
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from db.errors import StoreLocked, StoreUnreachable
from db.location import store_name
from db.migrate import create_or_upgrade, is_at_head
from db.store import Store
from tagger.core.errors import StoreError, require_extra

WRITE_LOCK = 0x7A66E2  # any number; the locks of other databases on the server are others
LOCKED = "55P03"
IDENTITY = """
    SELECT coalesce(substring(obj_description('alembic_version'::regclass) FROM '\\d+'), '0'), oid::bigint
    FROM pg_database WHERE datname = current_database()
    """
FORGETTABLE = ("telegram_update", "telegram_chat", "telegram_person", "telegram_answer", "telegram_question",
               "telegram_photo", "decision", "suggestion", "assessment", "variant", "file", "photo")  # fmt: skip
OWN = "relnamespace = current_schema()::regnamespace"
AMCHECK = (  # statements that make statements, each of which fails or gives the first problem
    f"""
    SELECT format('SELECT msg FROM verify_heapam(%%L) LIMIT 1', oid::regclass) FROM pg_class
    WHERE relkind = 'r' AND {OWN}
    """,
    f"""
    SELECT format('SELECT NULL FROM bt_index_check(%%L, true)', c.oid::regclass) FROM pg_class c
    JOIN pg_am ON pg_am.oid = relam WHERE relkind = 'i' AND amname = 'btree' AND {OWN}
    """,
)
READ_ALL = (
    f"""
    SELECT format('SELECT NULL FROM (SELECT count(t.*) FROM %%s t) q', oid::regclass) FROM pg_class
    WHERE relkind = 'r' AND {OWN}
    """,
)
NEXT_STEPS = {  # by SQLSTATE, or by what the server says before it could give one
    "password authentication failed|no password supplied": "The user or the password is wrong. Correct it in the URL, "
    "or put it in ~/.pgpass or PGPASSWORD.",
    'role ".*" does not exist': "The server does not know this user. Create it: createuser --pwprompt USER",
    'database ".*" does not exist': "Create it first: createdb --encoding=UTF8 --template=template0 {database}",
    "no pg_hba.conf entry|SSL": "The server does not let this machine in. Add it to pg_hba.conf, or correct the URL.",
    "42501": "Let its user create and write tables: ALTER DATABASE {database} OWNER TO USER",
    "25006": "It is a copy for reading only. Name the primary server.",
    "53100": "The server's disk is full. Free some space there.",
    "53300|too many c|slots": "The server has no connection left. Raise its max_connections, or use a pooler.",
    "connection option|bad value for|invalid .* value": "Correct the options after the question mark in the URL.",
    "": "Check that the server runs, and that the URL has the right host and port.",
}
IS_EXTERNAL = re.compile("08...|25006|28...|3D000|42501|53...|57P..|58...|XX...")  # SQLSTATEs that are no bugs


class PostgresStore(Store):
    """A store in a database on a server."""

    is_on_server = True

    def __init__(self, engine: Engine, timeout_s: float) -> None:
        self.name = store_name(engine.url.render_as_string(hide_password=False))
        self._engine = engine
        self._database = str(engine.url.database)
        snapshot = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        super().__init__(snapshot, engine.execution_options(write_lock_ms=round(timeout_s * 1000)), timeout_s)

    def open(self) -> None:
        """Migrate the schema, and find this machine's file."""
        with self.read() as connection:
            encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
            if encoding != "UTF8":
                advice = "Create another one: createdb --encoding=UTF8 --template=template0 NAME"
                raise StoreUnreachable(self.name, f"its encoding is {encoding}, not UTF8", advice)
            is_ready = is_at_head(connection)
        if not is_ready:
            with self.write() as connection:
                create_or_upgrade(connection, self.name)
        with self.read() as connection:
            self.file = str(_own_file(*connection.exec_driver_sql(IDENTITY).one()))
        self.backup_folder = Path(self.file).parent / "backups"

    def find_damage(self, *, thorough: bool = False) -> str | None:
        """If thorough, check tables and indexes with `amcheck` where the database has it; else only read all rows."""
        with self.read() as connection:
            names = list(connection.exec_driver_sql("SELECT extname FROM pg_extension").scalars())
            try:
                for check in AMCHECK if thorough and "amcheck" in names else READ_ALL:
                    for statement in connection.exec_driver_sql(check).scalars().all():
                        if problem := connection.exec_driver_sql(statement).scalar():
                            return str(problem)
            except DBAPIError as error:
                if not str(getattr(error.orig, "sqlstate", "")).startswith("XX"):
                    raise
                return str(error.orig).splitlines()[0]
        return None

    def empty_log(self) -> bool:
        """Remove deleted rows from the tables' pages. The server's log keeps them until it recycles its files."""
        alone = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        with self._translated(), alone.connect() as connection:
            connection.exec_driver_sql(f"VACUUM (SKIP_LOCKED) {', '.join(FORGETTABLE)}")
        return True

    def size_bytes(self) -> int:
        with self.read() as connection:
            return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())

    def is_writable(self) -> bool:
        with self.read() as connection:
            may = "NOT pg_is_in_recovery() AND has_table_privilege('decision', 'INSERT')"
            return bool(connection.exec_driver_sql(f"SELECT {may}").scalar_one())

    def _analyze(self, connection: Connection) -> None:
        connection.exec_driver_sql("ANALYZE")

    def _translation(self, error: DBAPIError) -> StoreError | None:
        state = getattr(error.orig, "sqlstate", None)
        if state == LOCKED:
            return StoreLocked(self.name, self._timeout_s)
        if state is None and not error.connection_invalidated and not _is_connecting(error):
            return None
        if state is not None and not IS_EXTERNAL.fullmatch(state):
            return None
        problem = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
        said = f"{state} {error.orig}"
        advice = next(advice for pattern, advice in NEXT_STEPS.items() if re.search(pattern, said))
        return StoreUnreachable(self.name, problem, advice.format(database=self._database))


def open_postgres(parsed: URL, timeout_s: float) -> PostgresStore:
    """Open the store in a database; arguments and errors as for `db.engine.open_store`."""
    store = PostgresStore(_engine(parsed), timeout_s)
    try:
        store.open()
    except BaseException:
        store.close()
        raise
    return store


def postgres_exists(parsed: URL) -> bool:
    """Whether a database is a store.

    Raises:
        StoreUnreachable: it cannot be asked.
    """
    store = PostgresStore(_engine(parsed), 0)
    try:
        with store.read() as connection:
            return connection.exec_driver_sql("SELECT to_regclass('alembic_version')").scalar() is not None
    finally:
        store.close()


def _engine(parsed: URL) -> Engine:
    require_extra("A PostgreSQL database", "postgres", "psycopg")
    engine = create_engine(
        parsed,
        connect_args={"prepare_threshold": None, "application_name": "landmark-tagger"},
        max_overflow=-1,
        pool_pre_ping=True,  # the server may have been restarted
    )
    event.listen(engine, "connect", _plan_for_pages)
    event.listen(engine, "begin", _begin)
    return engine


def _plan_for_pages(connection: Any, _record: object) -> None:
    """Have queries planned that read a page: compiled to no machine code, and with indexes that are in memory."""
    connection.autocommit = True
    connection.execute("SET jit TO off")  # it takes a second
    connection.execute("SET random_page_cost TO 1.1")  # 4 is for disks that turn; it makes a page read whole tables
    connection.autocommit = False


def _begin(connection: Connection) -> None:
    """Wait for other writers, if the transaction writes."""
    if (timeout_ms := connection.get_execution_options().get("write_lock_ms")) is not None:
        wait = f"SELECT set_config('lock_timeout', '{timeout_ms}', true), pg_advisory_xact_lock({WRITE_LOCK})"
        connection.exec_driver_sql(wait)


def _is_connecting(error: DBAPIError) -> bool:
    """Whether a connection could not be made or was lost, for which the driver gives no SQLSTATE."""
    is_option = error.statement is None and type(error.orig).__name__ == "ProgrammingError"  # of the URL
    return is_option or type(error.orig).__name__ == "OperationalError"


def _own_file(mark: str, oid: int) -> Path:
    """An empty file of this machine that stands for a database, whatever URL opened it."""
    folder = Path(platformdirs.user_data_dir("landmark-tagger")) / f"postgresql-{mark}-{oid}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / "database"
    file.touch(mode=0o600)
    return Path(os.path.realpath(file))

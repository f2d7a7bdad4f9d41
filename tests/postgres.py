"""A PostgreSQL server for tests: Debian's, started by an ordinary user on a private socket, without fsync."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

from db.engine import open_store
from db.migrate import HEAD

NOBODY = 65534
SETTINGS = ("fsync=off", "full_page_writes=off", "listen_addresses=", "max_connections=200", "autovacuum=off")
TEMPLATE = "empty_store"
EMPTY = f"""
    UPDATE alembic_version SET version_num = '{HEAD}';
    SET LOCAL lock_timeout = '1s';
    SET LOCAL session_replication_role = replica;
    DO $$ DECLARE found record; is_filled boolean; BEGIN
        FOR found IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
                AND relname <> 'alembic_version' LOOP
            EXECUTE format('SELECT EXISTS (SELECT FROM %I)', found.relname) INTO is_filled;
            IF is_filled THEN EXECUTE format('DELETE FROM %I', found.relname); END IF;
        END LOOP;
        PERFORM setval(oid, 1, false) FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace;
    END $$
    """
COLUMNS = """
    SELECT array_agg(ARRAY[attrelid::text, attname::text] ORDER BY attrelid, attnum) FROM pg_attribute
    WHERE attnum > 0 AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    """
NUMBERS = count()


def server_programs() -> Path | None:
    """The folder with the newest installed server's programs; None if there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda file: int(file.parts[-3]))
    on_path = shutil.which("postgres")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


class Server:
    """A running server.

    Args:
        folder: of its files and its socket.
        connection: of its administrator.
    """

    def __init__(self, folder: Path, connection: psycopg.Connection) -> None:
        self.folder = folder
        self.connection = connection
        self.free: list[str] = []
        self.columns: object = None  # of the tables of an empty store

    def url(self, database: str) -> str:
        return f"postgresql://tester@/{database}?host={self.folder}"

    def create(self, options: str = f"TEMPLATE {TEMPLATE}") -> str:
        """Create a database, an empty store unless options say otherwise, and return its URL."""
        name = f"tags_{next(NUMBERS)}"
        self.execute(f"CREATE DATABASE {name} {options}")
        return self.url(name)

    def drop(self, url: str) -> None:
        self.execute(f"DROP DATABASE {url.split('/')[3].partition('?')[0]} WITH (FORCE)")

    @contextmanager
    def lend(self) -> Iterator[str]:
        """The URL of an empty store. Emptying it again takes a tenth of what making another one does."""
        url = self.free.pop() if self.free else self.create()
        yield url
        try:
            is_as_new = empty(url) == self.columns
        except psycopg.Error:  # a test has locked it
            is_as_new = False
        if is_as_new:
            self.free.append(url)
        else:
            self.drop(url)

    def execute(self, statement: str) -> None:
        self.connection.execute(statement)


@contextmanager
def running_server(programs: Path) -> Iterator[Server]:
    """Start a server, and stop it at the end."""
    with tempfile.TemporaryDirectory(prefix="pg") as place:
        folder = Path(place)
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
        data = folder / "data"
        as_user(programs / "initdb", "--pgdata", data, "--username=tester", "--encoding=UTF8", "--locale=C.UTF-8",
                "--auth=trust", "--no-sync")  # fmt: skip
        settings = " ".join(f"-c {setting}" for setting in (*SETTINGS, f"unix_socket_directories={folder}"))
        control = (programs / "pg_ctl", "--pgdata", data, "--wait", "--silent")
        as_user(*control, "--log", folder / "log", "--options", settings, "start")
        try:
            with psycopg.connect(host=str(folder), user="tester", dbname="postgres", autocommit=True) as connection:
                server = Server(folder, connection)
                server.execute(f"CREATE DATABASE {TEMPLATE}")
                open_store(server.url(TEMPLATE)).close()
                server.columns = empty(server.url(TEMPLATE))
                yield server
        finally:
            as_user(*control, "--mode=immediate", "stop")


def empty(url: str) -> object:
    """Delete all rows of a store, and return the columns of its tables, which a test may have changed."""
    with psycopg.connect(url) as connection:
        connection.execute(EMPTY)
        return connection.execute(COLUMNS).fetchone()


def as_user(*command: object) -> None:
    """Run a program as an ordinary user, since the server refuses root."""
    step_down = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    subprocess.run([*step_down, *map(str, command)], check=True, stdout=subprocess.DEVNULL, env=environment, cwd="/")

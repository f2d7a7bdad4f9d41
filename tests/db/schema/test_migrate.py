"""The schema is brought up to date when a store is opened, also by two processes at once."""

from __future__ import annotations

import multiprocessing
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from db.engine import Store, open_store
from db.errors import StoreTooNew
from db.migrate import HEAD, alembic_config
from db.schema.models import Base
from tests.db.schema.test_upgrade import earlier_version

NAMES = "ix_file_name"
RULE = re.compile("CONSTRAINT|CHECK|KEY|UNIQUE|WITHOUT ROWID")


def test_the_head_in_the_code_is_the_last_migration() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == HEAD


@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
@pytest.mark.sqlite
def test_a_migrated_database_has_the_same_schema_as_a_new_one(store: Store, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/old.sqlite"
    earlier_version(url)
    with open_store(url) as migrated:
        assert schema(Path(migrated.file)) == schema(Path(store.file))
        with migrated.read() as connection:
            assert differences(connection) == []


@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_a_new_database_has_the_tables_of_the_code(store: Store) -> None:
    with store.read() as connection:
        assert differences(connection) == []


def test_a_new_database_is_made_without_alembic_and_says_that_it_is_at_head(tmp_path: Path) -> None:
    file = tmp_path / "new.sqlite"
    assert imports_alembic(str(file)) == "False\n"
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]


@pytest.mark.sqlite
def test_opening_a_database_at_head_imports_no_alembic(store: Store) -> None:
    assert imports_alembic(store.file) == "False\n"


def test_a_database_of_a_newer_version_is_refused_with_a_sentence(url: str, store: Store) -> None:
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreTooNew, match=r"The database \S+ was written by a newer version .* Upgrade the tagger: "):
        open_store(url)


@pytest.mark.sqlite
def test_opening_again_changes_nothing(url: str, store: Store) -> None:
    with store.read() as connection:
        version = connection.exec_driver_sql("PRAGMA schema_version").scalar()
    with open_store(url) as again, again.read() as connection:
        assert connection.exec_driver_sql("PRAGMA schema_version").scalar() == version


@pytest.mark.process
def test_processes_that_open_a_new_database_at_once_all_succeed(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(3)
    urls = [f"sqlite:///{tmp_path}/{number}.sqlite" for number in range(5)]
    processes = [spawn.Process(target=open_all, args=(urls, start)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]


def open_all(urls: list[str], start: Barrier) -> None:
    for url in urls:
        start.wait(30)
        open_store(url).close()


def imports_alembic(file: str) -> str:
    opening = f"open_store({file!r}).close()"
    code = f"import sys; from db.engine import open_store; {opening}; print('alembic' in sys.modules)"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def differences(connection: Connection) -> list[Any]:
    """What the code has and the database has not, or the reverse; Alembic cannot compare indexes of expressions."""
    options = {"include_name": lambda name, *_: name != NAMES, "include_object": lambda _, name, *__: name != NAMES}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))


def schema(file: Path) -> dict[str, object]:
    """Columns in their order, and the texts of indexes and views; of tables the lines that hold constraints."""
    found: dict[str, object] = {}
    with closing(sqlite3.connect(file)) as connection:
        for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall():
            found[name] = " ".join((sql or "").split())
            if kind == "table":
                rules = sorted(line.strip(" \t,") for line in sql.splitlines() if RULE.search(line))
                found[name] = (rules, connection.execute(f"PRAGMA table_xinfo({name})").fetchall())
    return found

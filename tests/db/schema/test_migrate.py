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

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from db.engine import Store, open_store
from db.errors import StoreTooNew
from db.migrate import HEAD, alembic_config
from db.schema.models import Base


def test_the_head_in_the_code_is_the_last_migration() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == HEAD


def test_the_migrated_schema_is_the_one_of_the_models(store: Store) -> None:
    with store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_checks_and_keys_that_alembic_does_not_compare_are_the_models_too(store: Store, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/models.sqlite")
    Base.metadata.create_all(engine)
    engine.dispose()
    assert rules(Path(store.file)) == rules(tmp_path / "models.sqlite")


def test_opening_a_database_at_head_imports_no_alembic(store: Store) -> None:
    opening = f"open_store('sqlite:///{store.file}').close()"
    code = f"import sys; from db.engine import open_store; {opening}; print('alembic' in sys.modules)"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert asked.stdout == "False\n"


def test_a_database_of_a_newer_version_is_refused_with_a_sentence(url: str, store: Store) -> None:
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreTooNew, match=r"tags\.sqlite was written by a newer version .* pip install --upgrade"):
        open_store(url)


def test_opening_again_changes_nothing(url: str, store: Store) -> None:
    with store.read() as connection:
        version = connection.exec_driver_sql("PRAGMA schema_version").scalar()
    with open_store(url) as again, again.read() as connection:
        assert connection.exec_driver_sql("PRAGMA schema_version").scalar() == version


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


def rules(file: Path) -> list[str]:
    """The lines of the schema that say CHECK, FOREIGN KEY and the like, in any order."""
    with closing(sqlite3.connect(file)) as connection:
        statements = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'table'").fetchall()
    lines = (line.strip(" \t,") for (statement,) in statements for line in statement.splitlines())
    rule = re.compile("CHECK|FOREIGN KEY|WITHOUT ROWID")
    return sorted(line for line in lines if rule.search(line))

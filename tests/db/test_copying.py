"""A copy of a store has the same rows, whichever database each is in, however often it was interrupted."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import inspect, update

from db import copying
from db.copying import TableCopied, copy_store
from db.engine import Store, open_store
from db.errors import CopyDiffers
from db.read import catalog
from db.schema.models import Photo
from db.telegram.answers import add_answer
from db.write.decisions import record_decision
from tests.db.samples import assessed, decide, digest, everything, failed, tag_run, tagged
from tests.db.schema.test_upgrade_postgresql import parts
from tests.postgres import Server, server_programs

NEEDS_SERVER = pytest.mark.skipif(server_programs() is None, reason="no PostgreSQL server is installed")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=NEEDS_SERVER)])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Another store, of either kind."""
    if request.param == "sqlite":
        with open_store(str(tmp_path / "copy.sqlite")) as opened:
            yield opened
        return
    server: Server = request.getfixturevalue("postgres")
    with server.lend() as url, open_store(url) as opened:
        yield opened


def fill(store: Store) -> None:
    photos = [assessed(f"/p/{number}.jpg", lat=1.5, lon=0.1 + 0.2) for number in range(5)]
    tag_run(store, [*photos, assessed("/p/\udcff.jpg"), failed("/p/bad.jpg")])
    decide(store, digest("0.jpg"), "shows", "machu_picchu")


def copied(source: Store, target: Store) -> dict[str, TableCopied]:
    return {table.name: table for table in copy_store(source, target, progress=lambda _rows: None)}


def interrupt_copy(source: Store, target: Store, rows_before: int) -> None:
    def interrupt(rows: int) -> None:
        nonlocal rows_before
        rows_before -= rows
        if rows_before < 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_store(source, target, progress=interrupt)


def test_a_copy_has_every_row_and_works_like_the_original(store: Store, target: Store) -> None:
    fill(store)
    tables = copied(store, target)
    assert everything(target) == everything(store)
    assert tagged(target) == tagged(store)
    assert (tables["photo"].rows, tables["photo"].new) == (6, 6)
    with store.read() as original, target.read() as copy:
        assert catalog.labels(copy) == catalog.labels(original)
    tag_run(target, [assessed("/q/new.jpg")])
    assert len(tagged(target)) == len(tagged(store)) + 1


def test_a_copy_goes_on_where_it_was_interrupted(store: Store, target: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store)
    monkeypatch.setattr(copying, "ROWS_PER_BATCH", 2)
    interrupt_copy(store, target, rows_before=11)
    tables = copied(store, target)
    assert sum(table.new for table in tables.values()) < sum(table.rows for table in tables.values())
    assert everything(target) == everything(store)
    assert all(table.new == 0 for table in copied(store, target).values())


def test_every_table_is_copied_whatever_was_imported_before(store: Store) -> None:
    with store.read() as connection:
        present = set(inspect(connection).get_table_names()) - copying.LEFT_OUT - {"alembic_version"}
    script = "from db.copying import tables; print(*(table.name for table in tables()))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == present


def test_nothing_is_written_to_a_store_with_other_rows(store: Store, target: Store) -> None:
    tag_run(target, [assessed("/other.jpg")])
    fill(store)
    before = everything(target)
    with pytest.raises(CopyDiffers, match="Copy into a new database"):
        copied(store, target)
    assert everything(target) == before


def test_a_store_with_other_rows_is_not_taken_for_a_copy(store: Store, target: Store) -> None:
    fill(store)
    copied(store, target)
    with target.write() as connection:
        connection.execute(update(Photo).where(Photo.id == 3).values(lat=2.5))
    with pytest.raises(CopyDiffers, match=r"its table photo has 6 rows.* Copy into a new database"):
        copied(store, target)
    tag_run(target, [assessed("/q/new.jpg")])
    with pytest.raises(CopyDiffers, match="Copy into a new database"):
        copied(store, target)


def test_numbers_that_buttons_name_are_not_given_again(store: Store, target: Store) -> None:
    with store.write() as connection:
        for _ in range(3):
            last = add_answer(connection, chat_id=1, user_id=1, album=None, shown={})
        connection.exec_driver_sql("DELETE FROM telegram_answer")
    copied(store, target)
    with target.write() as connection:
        assert add_answer(connection, chat_id=1, user_id=1, album=None, shown={}) == last + 1


def test_a_copy_continues_its_numbers(store: Store, target: Store) -> None:
    fill(store)
    copied(store, target)
    with target.write() as connection:
        number = record_decision(connection, digest("1.jpg"), verdict="none", landmark=None, who="bob", source="test")
    assert number == 2


@pytest.mark.postgresql
def test_damage_is_looked_for_with_amcheck_where_the_database_has_it(store: Store, url: str) -> None:
    fill(store)
    assert store.find_damage(thorough=True) is None
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute("CREATE EXTENSION amcheck")
        try:
            assert store.find_damage(thorough=True) is None
        finally:
            connection.execute("DROP EXTENSION amcheck")


@pytest.mark.sqlite
def test_a_row_that_refers_to_nothing_is_damage(store: Store) -> None:
    fill(store)
    with closing(sqlite3.connect(store.file)) as connection, connection:
        connection.execute("DELETE FROM model")
    assert store.find_damage() is None
    assert "refers to a row of model that is missing" in (store.find_damage(thorough=True) or "")


@pytest.mark.postgresql
@pytest.mark.parametrize("rows_before", [2, 12, 22, 32])
def test_an_interrupted_copy_leaves_whole_tables_with_all_that_belongs_to_them(
    store: Store, postgres: Server, rows_before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    monkeypatch.setattr(copying, "ROWS_PER_BATCH", 1)
    with postgres.lend() as url, open_store(url) as target:
        interrupt_copy(store, target, rows_before)
        assert parts(target) == parts(store)
        tables = copied(store, target)
        assert all(table.new in (0, table.rows) for table in tables.values())
        assert parts(target) == parts(store)
        assert everything(target) == everything(store)

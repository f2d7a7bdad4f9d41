"""A store that an earlier version made on PostgreSQL is upgraded when it is opened, and keeps what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from db.engine import Store, open_store
from db.migrate import HEAD
from tests.db.samples import assessed, decide, digest, tag_run, tagged
from tests.db.schema.test_migrate import differences
from tests.postgres import Server

FIRST_VERSION = Path(__file__).with_name("first_postgresql.sql")
TAGS = [("/p/a.jpg", "machu_picchu"), ("/p/b.jpg", "machu_picchu"), ("/p/c.jpg", "sacre_coeur")]
ROWS = {"file": 4, "photo": 3, "assessment": 3, "suggestion": 9, "decision": 1, "landmark": 3, "run": 1}
PARTS = """
    SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'view', viewname, definition FROM pg_views WHERE schemaname = 'public'
    UNION ALL SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'constraint', conname, CASE contype WHEN 'c' THEN '' ELSE pg_get_constraintdef(oid) END
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'column', table_name || '.' || column_name, concat_ws(' ', data_type, is_nullable, collation_name)
    FROM information_schema.columns WHERE table_schema = 'public'
"""


@pytest.fixture
def earlier(postgres: Server) -> Iterator[str]:
    """A store at the first revision, with rows."""
    url = postgres.create("")
    with psycopg.connect(url) as connection:
        connection.execute(FIRST_VERSION.read_text())
    yield url
    postgres.drop(url)


def parts(store: Store) -> set[tuple[str, str, str]]:
    """The schema: each kind, name and definition; a dump writes the conditions of checks in another way."""
    with store.read() as connection:
        return {(row[0], row[1], " ".join(row[2].split())) for row in connection.exec_driver_sql(PARTS)}


def test_every_row_is_kept_and_more_can_be_written(earlier: str) -> None:
    with open_store(earlier) as store:
        with store.read() as connection:
            assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == HEAD
            counts = {table: connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() for table in ROWS}
        assert counts == ROWS
        assert tagged(store) == TAGS
        tag_run(store, [assessed("/p/new.jpg")])
        decide(store, digest("new.jpg"), "shows", "sacre_coeur")
        assert tagged(store) == [*TAGS, ("/p/new.jpg", "sacre_coeur")]
    with open_store(earlier) as again:
        assert len(tagged(again)) == len(TAGS) + 1


@pytest.mark.postgresql
def test_the_schema_is_that_of_a_new_store(earlier: str, store: Store) -> None:
    with open_store(earlier) as upgraded:
        assert parts(upgraded) == parts(store)
        with upgraded.read() as connection:
            assert differences(connection) == []

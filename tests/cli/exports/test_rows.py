"""The rows of an export: read in one stream, they are those of the listing in pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, update

from db.engine import Store
from db.read.filters import TagFilter
from db.read.listings import all_hits, tags
from db.read.query_language.grammar import parse
from db.schema.models import File
from tagger.export.rows import rows_of_hits, rows_of_tags
from tests.db.samples import MODEL, NEWER, assessed, decide, digest, suggestions, tag_run

NOW = datetime.now(UTC)
QUERIES = [
    "state:confirmed",
    "state:rejected OR state:corrected",
    "NOT landmark:eiffel*",
    "has:gps",
    "near:1,-1,500km",
    "model:lite score:>0.1",
    "who:ann OR file:two*",
    "folder:/p/c taken:2024",
]
FILTERS: list[dict[str, Any]] = [
    {},
    {"landmarks": ("eiffel_tower",)},
    {"landmarks": ("sacre_coeur", "Machu Picchu")},
    {"countries": ("france",)},
    {"min_score": 0.8},
    {"under": "/p/b"},
    {"run": 1},
    {"run": 2},
    {"model": "aaaa"},
    {"model": "lite"},
    {"include_gone": True},
    {"taken_since": datetime(2024, 5, 1), "taken_until": datetime(2024, 6, 1)},
    {"taken_since": datetime(2025, 1, 1)},
    {"answered_since": NOW - timedelta(days=1), "answered_until": NOW + timedelta(days=1)},
    {"answered_since": NOW + timedelta(days=1)},
    *({"query": parse(text)} for text in QUERIES),
]
NOTHING = [{"taken_since": datetime(2025, 1, 1)}, {"answered_since": NOW + timedelta(days=1)}]


@pytest.fixture
def stored(store: Store) -> Store:
    """Photos with several tags, copies, two models, decisions of all kinds, files that are gone, and odd names."""
    two_tags = tuple(replace(suggestion, is_tag=suggestion.rank < 3) for suggestion in suggestions())
    first = [
        assessed("/p/a/two.jpg", suggestions=two_tags),
        assessed("/p/b/two.jpg", suggestions=two_tags),
        assessed("/p/b/low.jpg", "machu_picchu", score=0.6),
        *(assessed(f"/p/c/{name}.jpg") for name in ("shows", "not", "none", "same")),
        assessed("/p/c/\udce9 old.jpg", "sacre_coeur", taken_at=datetime(2020, 1, 1)),
        assessed("/p/gone.jpg"),
    ]
    tag_run(store, first, model=MODEL)
    tag_run(store, [assessed("/p/b/low.jpg", "sacre_coeur"), assessed("/p/c/shows.jpg", None)], model=NEWER)
    for name, verdict, landmark in [
        ("shows", "shows", "sacre_coeur"),
        ("shows", "shows", "machu_picchu"),
        ("not", "not", "eiffel_tower"),
        ("none", "none", None),
        ("same", "shows", "eiffel_tower"),
    ]:
        decide(store, digest(f"{name}.jpg"), verdict, landmark)  # type: ignore[arg-type]
    with store.write() as connection:
        gone = update(File).where(File.path == "/p/gone.jpg")
        connection.execute(gone.values(gone_at=datetime(2024, 1, 1, tzinfo=UTC)))
        connection.exec_driver_sql("UPDATE photo SET lat = id, lon = -id WHERE (id & 1) = 1")
        connection.exec_driver_sql("UPDATE landmark SET lat = NULL, lon = NULL WHERE key = 'sacre_coeur'")
    return store


@pytest.mark.parametrize("filters", FILTERS)
def test_a_stream_has_the_rows_of_the_pages(stored: Store, filters: dict[str, Any]) -> None:
    with stored.read() as connection:
        paged = list(rows_of_hits(connection, all_hits(tags, connection, TagFilter(**filters), page_size=2)))
        assert list(rows_of_tags(connection, TagFilter(**filters))) == paged
    assert paged or filters in NOTHING


def test_the_stream_begins_before_all_is_read(stored: Store) -> None:
    with stored.read() as connection:
        rows = rows_of_tags(connection, TagFilter())
        assert next(rows).path == "/p/a/two.jpg"
        rows.close()  # type: ignore[attr-defined]


@pytest.mark.sqlite  # PostgreSQL sorts a table as small as this one
def test_the_stream_sorts_nothing(stored: Store) -> None:
    """Sorting would take memory for every row."""
    stored.optimize()
    with stored.read() as connection:
        statements: list[Any] = []
        event.listen(connection, "before_cursor_execute", lambda *call: statements.append(call[2:4]))
        assert list(rows_of_tags(connection, TagFilter()))
        ((sql, values),) = [(sql, values) for sql, values in statements if "machine_tag" in sql]
        steps = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
    assert "file USING INDEX sqlite_autoindex_file_1" in steps[0]
    assert "USE TEMP B-TREE FOR ORDER BY" not in steps

"""Statements that are executed for each photo of the bot do the same as SQLAlchemy's own, only sooner."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    bindparam,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from db.dialect import CleanText, execute, insert
from db.engine import Store
from db.schema.base import UtcDateTime

ROW = Table(
    "sample",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("value", JSON),
    Column("at", UtcDateTime),
    Column("said", Boolean, nullable=False),
    Column("name", CleanText),
    Column("bytes", LargeBinary),
    Column("added", Integer, default=lambda: 7),
)
INSERT = insert(ROW)
UPSERT = INSERT.on_conflict_do_update(index_elements=["id"], set_={"name": INSERT.excluded.name})
CLEAR = update(ROW).where(ROW.c.id == bindparam("number")).values(value=None, name=bindparam("called"), added=3)
NAMED = select(ROW.c.id, ROW.c.name.label("called")).where(ROW.c.id < bindparam("below"), ROW.c.said).limit(1)
LISTED = select(ROW.c.id).where(ROW.c.id.in_(bindparam("ids", expanding=True))).order_by(ROW.c.id)
AT = datetime(2026, 5, 4, 3, 2, 1, 5, tzinfo=timezone(timedelta(hours=2)))
VALUES = {"value": {"ä": [1, None]}, "at": AT, "said": True, "name": "ü", "bytes": b"\0\xff", "added": 1}
EMPTY = {"value": None, "at": None, "said": False, "name": None, "bytes": None, "added": None}


def stored(connection: Connection, run: Any) -> list[Any]:
    """What is in the table after a way to execute statements has filled and changed it, and what it found."""
    ROW.create(connection)
    try:
        run(connection, INSERT, {"id": 1, **VALUES})
        run(connection, INSERT, [{"id": 2, **EMPTY}, {"id": 3, **VALUES}])
        run(connection, UPSERT, {"id": 3, **VALUES, "name": "new"})
        run(connection, INSERT, {"id": 4, "said": True})  # a default of Python's
        run(connection, CLEAR, [{"number": 2, "called": "two"}, {"number": 4, "called": None}])
        found = run(connection, NAMED, {"below": 3}).one()
        listed = run(connection, LISTED, {"ids": [4, 1]}).scalars().all()
        return [*connection.execute(select(ROW).order_by(ROW.c.id)).all(), (found.id, found.called), listed]
    finally:
        ROW.drop(connection)


def test_it_stores_and_finds_what_the_library_does(store: Store) -> None:
    with store.write() as connection:
        expected = stored(connection, lambda connection, *given: connection.execute(*given))
        assert stored(connection, execute) == expected
    assert [row[-1] for row in expected[:4]] == [1, 3, 1, 3]
    assert expected[4:] == [(1, "ü"), [1, 4]]


def test_its_errors_are_the_library_s(store: Store) -> None:
    with pytest.raises(IntegrityError), store.write() as connection:
        ROW.create(connection)
        execute(connection, INSERT, {"id": 1, **VALUES, "said": None})

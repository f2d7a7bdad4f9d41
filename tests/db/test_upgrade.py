"""A store of an earlier version is upgraded when it is opened, and keeps what it holds."""

from __future__ import annotations

from pathlib import Path

from alembic import command

from db import inbox
from db.inbox import Received
from db.migrate import WRITING, alembic_config
from db.session import _engine, _parse, open_store
from tests.db.samples import assessed, decide, digest, failed, inherited, tag_run, tagged


def first_version(url: str) -> None:
    """A store as version 0.1.0 made it."""
    engine = _engine(_parse(url), 5)
    with engine.connect().execution_options(begin=WRITING) as connection, connection.begin():
        command.upgrade(alembic_config(connection), "0001")
    engine.dispose()


def test_a_store_of_the_first_version_keeps_its_rows(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tags.sqlite'}"
    first_version(url)
    engine = _engine(_parse(url), 5)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "0001"
        assert not connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name LIKE 'telegram%'").scalar()
        connection.exec_driver_sql("INSERT INTO landmark VALUES (1, 'a', 'A', '[]', 'Chad', NULL, 1.0, 2.0, NULL)")
        connection.exec_driver_sql("COMMIT")
    engine.dispose()
    with open_store(url) as store, store.write() as connection:
        assert connection.exec_driver_sql("SELECT key, country FROM landmark").all() == [("a", "Chad")]
        assert inbox.receive(connection, [Received(1, 2, 3, 4, {})]) == {1}


def test_an_upgraded_store_works_like_a_new_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tags.sqlite'}"
    first_version(url)
    with open_store(url) as store:
        tag_run(store, [assessed("/p/a.jpg"), inherited("/p/b.jpg", "a.jpg"), failed("/p/c.jpg")])
        decide(store, digest("a.jpg"), "shows", "machu_picchu")
        assert tagged(store) == [("/p/a.jpg", "machu_picchu"), ("/p/b.jpg", "machu_picchu")]

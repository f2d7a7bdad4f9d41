"""A store of an earlier version is upgraded when it is opened, and keeps what it holds."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy.exc import IntegrityError

from db.engine import open_store
from db.location import parse_url
from db.migrate import alembic_config
from db.sqlite import WRITING, _engine
from db.telegram import answers, inbox
from db.telegram.inbox import ReceivedUpdate
from tests.db.samples import assessed, decide, digest, failed, inherited, tag_run, tagged

FIRST_VERSION = Path(__file__).with_name("first_version.sql")  # dumped from a store of version 0.1.0
SECOND_VERSION = """
    INSERT INTO landmark VALUES (1, 'eiffel_tower', 'Eiffel Tower', '[]', 'France', 'Paris', 48.8, 2.3, 'Q243');
    INSERT INTO model VALUES (1, 'a', 'b', 'lite', '1', '{}', '2024-05-01 12:00:00');
    INSERT INTO run VALUES (1, 1, '2024-05-01 12:00:00', NULL, 'interrupted', 'openvino', 'CPU', 'float32', 'why',
                            '["/p"]', 3, '0.1.0', 1, 0, 1, 0, 0, 0, NULL);
    INSERT INTO photo VALUES (1, 'c', 1000, 800, 600, 'JPEG', '2024-05-01 12:00:00', 'exif', '2024-05-01 12:00:00', 1);
    INSERT INTO file VALUES (1, CAST('/p/a.jpg' AS BLOB), 1, 1000, 1, '2024-05-01 12:00:00', NULL);
    INSERT INTO file VALUES (2, CAST('/p/b.jpg' AS BLOB), NULL, 7, 8, '2024-05-01 12:00:00', NULL);
    INSERT INTO assessment VALUES (1, 1, 1, 'tagged', 3, '2024-05-01 12:00:00');
    INSERT INTO suggestion VALUES (1, 1, 1, 1, 1, 0.9, 1);
    INSERT INTO failure VALUES (2, 'truncated', 'it ends', 2, '2024-05-01 12:00:00', '2024-05-01 12:00:00', 1);
    INSERT INTO decision VALUES (1, 1, 'shows', 1, 'ann', 'cli', '2024-05-01 12:00:00', NULL);
"""


def earlier_version(url: str, revision: str = "0001") -> None:
    """A store as version 0.1.0 made it, or a later one."""
    parsed = parse_url(url)
    with closing(sqlite3.connect(str(parsed.database))) as plain:
        plain.executescript(FIRST_VERSION.read_text())
    engine = _engine(parsed, 5, "rw")
    with engine.connect().execution_options(begin=WRITING) as connection, connection.begin():
        command.upgrade(alembic_config(connection), revision)
    engine.dispose()


def test_a_store_of_the_first_version_keeps_its_rows(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tags.sqlite'}"
    earlier_version(url)
    engine = _engine(parse_url(url), 5, "rw")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "0001"
        assert not connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name LIKE 'telegram%'").scalar()
        connection.exec_driver_sql("INSERT INTO landmark VALUES (1, 'a', 'A', '[]', 'Chad', NULL, 1.0, 2.0, NULL)")
        connection.exec_driver_sql("COMMIT")
    engine.dispose()
    with open_store(url) as store, store.write() as connection:
        assert connection.exec_driver_sql("SELECT key, country FROM landmark").all() == [("a", "Chad")]
        assert inbox.receive(connection, [ReceivedUpdate(1, 2, 3, 4, {})]) == {1}


def test_an_upgraded_store_works_like_a_new_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tags.sqlite'}"
    earlier_version(url)
    with open_store(url) as store:
        tag_run(store, [assessed("/p/a.jpg"), inherited("/p/b.jpg", "a.jpg"), failed("/p/c.jpg")])
        decide(store, digest("a.jpg"), "shows", "machu_picchu")
        assert tagged(store) == [("/p/a.jpg", "machu_picchu"), ("/p/b.jpg", "machu_picchu")]


def test_a_filled_store_of_the_second_version_keeps_every_row(tmp_path: Path) -> None:
    file = tmp_path / "tags.sqlite"
    earlier_version(f"sqlite:///{file}", "0002")
    with closing(sqlite3.connect(file)) as plain:
        plain.executescript("PRAGMA foreign_keys = ON;" + SECOND_VERSION)
    with open_store(f"sqlite:///{file}") as store, store.write() as connection:

        def rows(columns: str, table: str) -> list[tuple[object, ...]]:
            return [tuple(row) for row in connection.exec_driver_sql(f"SELECT {columns} FROM {table}")]

        assert rows("id, status, tagged, job, set_aside, error", "run") == [(1, "interrupted", 1, "tag", 0, None)]
        assert rows("photo_id, model_id, run_id, status, k", "assessment") == [(1, 1, 1, "tagged", 3)]
        assert rows("score, visual_score, reason", "suggestion") == [(0.9, 0.9, None)]
        assert rows("attempts, size_bytes, mtime_ns, next_at", "failure") == [(2, 7, 8, None)]
        assert rows("ctime_ns, mtime_ns", "file") == [(None, 1), (None, 8)]
        assert rows("landmark_id, source, visual_score", "tag") == [(1, "person", None)]
        assert rows("key, country, lat, lon", "landmark") == [("eiffel_tower", "France", 48.8, 2.3)]
        with pytest.raises(IntegrityError, match="FOREIGN KEY"):  # they are watched again
            connection.exec_driver_sql("DELETE FROM run")


def test_dates_of_clocks_that_were_reset_are_marked_and_make_no_bursts_any_more(tmp_path: Path) -> None:
    file = tmp_path / "tags.sqlite"
    earlier_version(f"sqlite:///{file}", "0010")
    dates = {1: "2002-12-08 12:00:00", 2: "2002-12-08 12:00:05", 3: "2024-05-01 12:00:00", 4: "2024-05-01 12:00:05"}
    with closing(sqlite3.connect(file)) as plain, plain:
        for photo, taken_at in dates.items():
            values = (
                photo,
                str(photo),
                9,
                8,
                6,
                "JPEG",
                taken_at,
                "exif",
                taken_at,
                None,
                None,
                None,
                7,
                photo // 3 + 1,
            )
            plain.execute(f"INSERT INTO photo VALUES ({', '.join('?' * len(values))})", values)
    with open_store(str(file)) as store, store.read() as connection:
        rows = connection.exec_driver_sql("SELECT id, taken_from, group_id, phash FROM photo").all()
        assert rows == [(1, "reset", None, 7), (2, "reset", None, 7), (3, "exif", 2, 7), (4, "exif", 2, 7)]


def test_an_answer_that_lost_a_rank_is_asked_again(tmp_path: Path) -> None:
    file = tmp_path / "tags.sqlite"
    earlier_version(f"sqlite:///{file}", "0002")
    gap = """
        INSERT INTO photo VALUES (2, 'd', 9, 8, 6, 'JPEG', '2024-05-01 12:00:00', 'exif', '2024-05-01 12:00:00', 1);
        INSERT INTO assessment VALUES (2, 1, 1, 'tagged', 3, '2024-05-01 12:00:00');
        INSERT INTO suggestion VALUES (2, 1, 1, 1, 1, 0.9, 1), (2, 1, 3, 1, 1, 0.1, 0);
    """
    with closing(sqlite3.connect(file)) as plain:
        plain.executescript("PRAGMA foreign_keys = ON;" + SECOND_VERSION + gap)
    with open_store(str(file)) as store, store.read() as connection:
        assert connection.exec_driver_sql("SELECT photo_id, k FROM assessment").all() == [(1, 3), (2, 1)]


DECISIONS = """
    INSERT INTO landmark VALUES (1, 'eiffel_tower', 'Eiffel Tower', '[]', 'France', 'Paris', 48.8, 2.3, 'Q243');
    INSERT INTO photo SELECT value, 'c' || value, 9, 8, 6, 'JPEG', '2024-05-01', 'exif', '2024-05-01',
        NULL, NULL, NULL, NULL, NULL FROM json_each('[1, 2, 3]');
    INSERT INTO telegram_answer VALUES (3, 5, 5, 1, NULL, NULL, '{}'), (4, -7, 6, 2, NULL, NULL, '{}'),
        (9, -7, 1087968824, 3, NULL, NULL, '{}');
    INSERT INTO telegram_photo VALUES (1, 1, 3, 5, 1, 5, NULL, 1, 0.9, '2024-05-01'),
        (2, 1, 4, -7, 2, 6, NULL, 1, 0.9, '2024-05-01'), (3, 2, 9, -7, 3, 1087968824, NULL, 1, 0.9, '2024-05-03');
    INSERT INTO telegram_person VALUES (5, 'de', NULL, 0), (1087968824, 'ru', NULL, 0);
    INSERT INTO decision VALUES (1, 1, 'shows', 1, 'telegram:5', 'telegram', '2024-05-02', '2024-05-03'),
        (2, 1, 'none', NULL, 'telegram:6', 'telegram', '2024-05-03', NULL),
        (3, 2, 'shows', 1, 'telegram:6', 'telegram', '2024-05-02', NULL),
        (4, 3, 'shows', 1, 'ann', 'cli', '2024-05-02', NULL);
"""


def test_decisions_keep_their_meaning_and_find_their_place(tmp_path: Path) -> None:
    file = tmp_path / "tags.sqlite"
    earlier_version(f"sqlite:///{file}", "0012")
    with closing(sqlite3.connect(file)) as plain:
        plain.executescript("PRAGMA foreign_keys = ON;" + DECISIONS)
    with open_store(str(file)) as store, store.write() as connection:

        def rows(columns: str, table: str) -> list[tuple[object, ...]]:
            return [tuple(row) for row in connection.exec_driver_sql(f"SELECT {columns} FROM {table}")]

        assert rows("id, is_trusted, answer_id, revoked_at IS NULL", "decision") == [
            (1, 1, 0, 0),  # in a private chat
            (2, 1, 4, 1),  # in the group
            (3, 1, 0, 1),  # before the photo was in a group
            (4, 1, 0, 1),
        ]
        assert rows("photo_id, verdict", "trusted_decision") == [(1, "none"), (2, "shows"), (3, "shows")]
        assert rows("photo_id", "person_tag") == [(2,), (3,)]
        assert rows("user_id", "telegram_person") == [(5,)]
        assert rows("user_id", "telegram_photo ORDER BY id") == [(5,), (6,), (-7,)]
        connection.exec_driver_sql("DELETE FROM telegram_photo")
        connection.exec_driver_sql("DELETE FROM telegram_answer")
        assert answers.add_answer(connection, chat_id=5, user_id=5, album=None, shown={}) == 10

"""What is long gone goes; what people said stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import inspect, select

from db.engine import Store
from db.schema.models import File, Photo
from db.write import prune as pruning
from db.write.comparisons import has_uncompared
from db.write.files import mark_missing
from db.write.prune import Pruned
from tests.db.samples import assessed, decide, digest, everything, failed, inherited, tag_run, tagged

LATER = timedelta(seconds=1)


def gone(store: Store, *paths: str) -> None:
    with store.write() as connection:
        mark_missing(connection, paths)


def prune(store: Store, *, gone_before: datetime) -> Pruned:
    """Prune, which removes what was announced."""
    with store.read() as connection:
        files = pruning.files_to_prune(connection, gone_before=gone_before)
        photos = pruning.count_photos_to_prune(connection, gone_before=gone_before)
    before = set(paths(store))
    pruned = pruning.prune(store, gone_before=gone_before)
    assert (pruned, before - set(paths(store))) == (Pruned(len(files), photos), set(files))
    return pruned


def paths(store: Store) -> list[str]:
    with store.read() as connection:
        return list(connection.execute(select(File.path).order_by(File.path)).scalars())


def test_files_gone_for_long_go_with_what_the_machine_said(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg"), assessed("/p/b.jpg"), failed("/p/bad.jpg")])
    gone(store, "/p/a.jpg", "/p/bad.jpg")
    assert prune(store, gone_before=datetime.now(UTC) + LATER) == Pruned(files=2, photos=1)
    assert paths(store) == ["/p/b.jpg"]
    assert {name: len(rows) for name, rows in everything(store).items()} == {
        "photo": 1, "file": 1, "assessment": 1, "suggestion": 3, "failure": 0,
    }  # fmt: skip


def test_files_gone_only_lately_stay(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg")])
    gone(store, "/p/a.jpg")
    assert prune(store, gone_before=datetime.now(UTC) - timedelta(days=90)) == Pruned(0, 0)


def test_a_photo_that_lies_elsewhere_too_stays(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg"), inherited("/q/copy.jpg", "a.jpg")])
    gone(store, "/p/a.jpg")
    assert prune(store, gone_before=datetime.now(UTC) + LATER) == Pruned(files=1, photos=0)
    assert tagged(store) == [("/q/copy.jpg", "eiffel_tower")]


def test_a_decision_outlives_the_file_and_holds_when_it_comes_back(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg")])
    decide(store, digest("a.jpg"), "shows", "machu_picchu")
    gone(store, "/p/a.jpg")
    assert prune(store, gone_before=datetime.now(UTC) + LATER) == Pruned(files=1, photos=0)
    tag_run(store, [assessed("/p/a.jpg")])
    assert tagged(store) == [("/p/a.jpg", "machu_picchu")]


def test_more_files_than_one_transaction_takes_go_too(store: Store) -> None:
    tag_run(store, [assessed(f"/p/{number}.jpg") for number in range(1100)])
    gone(store, *paths(store))
    assert prune(store, gone_before=datetime.now(UTC) + LATER) == Pruned(files=1100, photos=1100)


def test_a_group_of_near_duplicates_goes_on_without_a_member(store: Store) -> None:
    tag_run(store, [assessed(f"/p/{name}.jpg", phash=1) for name in "abcde"])
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE photo SET group_id = CASE WHEN id <= 3 THEN 1 ELSE 4 END")
    gone(store, "/p/a.jpg", "/p/e.jpg")
    prune(store, gone_before=datetime.now(UTC) + LATER)
    with store.read() as connection:
        groups = connection.execute(select(Photo.id, Photo.group_id).order_by(Photo.id)).all()
        assert not has_uncompared(connection)
    assert [tuple(row) for row in groups] == [(2, 2), (3, 2), (4, 4)]


def is_partial(index: Any) -> bool:
    return any(name.endswith("_where") for name in index.get("dialect_options", {}))


def test_rows_that_refer_to_what_is_removed_are_found_by_an_index(store: Store) -> None:
    removed = ("photo", "file", "assessment", "telegram_answer")
    with store.read() as connection:
        schema = inspect(connection)
        for table in schema.get_table_names():
            whole = [index["column_names"] for index in schema.get_indexes(table) if not is_partial(index)]
            found_by: list[list[Any]] = [schema.get_pk_constraint(table)["constrained_columns"], *whole]
            for key in schema.get_foreign_keys(table):
                columns = key["constrained_columns"]
                is_found = any(index[: len(columns)] == columns for index in found_by)
                assert is_found or key["referred_table"] not in removed, f"{table}{columns}"

"""A folder that was renamed keeps its tags and decisions; one that is forgotten leaves only decisions."""

from __future__ import annotations

import pytest

from db.engine import Store
from db.errors import UnknownFolder
from db.read.files import photos_at
from db.read.photos import content_of
from db.write.files import mark_missing
from db.write.forget import forget_files
from db.write.move import move_files
from db.write.prune import Pruned
from db.write.runs import abandoned_files, lease_files
from tests.db.samples import assessed, decide, digest, everything, failed, inherited, tag_run, tagged
from tests.db.write.test_prune import paths


def move(store: Store, old: str, new: str) -> int:
    with store.write() as connection:
        return move_files(connection, old, new)


def test_a_moved_folder_keeps_tags_decisions_and_failures(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg"), assessed("/p/deep/b.jpg"), failed("/p/bad.jpg"), assessed("/p2/c.jpg")])
    decide(store, digest("b.jpg"), "shows", "machu_picchu")
    assert move(store, "/p", "/mnt/photos") == 3
    assert tagged(store) == [
        ("/mnt/photos/a.jpg", "eiffel_tower"),
        ("/mnt/photos/deep/b.jpg", "machu_picchu"),
        ("/p2/c.jpg", "eiffel_tower"),
    ]
    assert len(everything(store)["failure"]) == 1


@pytest.mark.parametrize(("old", "new"), [("/p", "/p/p"), ("/p/p", "/p"), ("/p", "/q"), ("/p/a.jpg", "/p/z.jpg")])
def test_a_folder_may_be_moved_into_itself_or_out_of_itself(store: Store, old: str, new: str) -> None:
    before = ["/p/a.jpg", "/p/p/b.jpg", "/p/p/p/c.jpg", "/p0/d.jpg"]
    tag_run(store, [assessed(path) for path in before])
    inside = [path for path in before if path == old or path.startswith(f"{old}/")]
    expected = [new + path.removeprefix(old) if path in inside else path for path in before]
    assert move(store, old, new) == len(inside)
    assert paths(store) == sorted(set(expected))


def test_a_name_of_any_bytes_is_moved(store: Store) -> None:
    tag_run(store, [assessed("/p\udcff/\udcfe% _.jpg")])
    move(store, "/p\udcff", "/ü\udcfe")
    assert [path for path, _ in tagged(store)] == ["/ü\udcfe/\udcfe% _.jpg"]


def test_what_was_tagged_at_the_new_place_already_stays_and_what_is_missing_there_gives_way(store: Store) -> None:
    tag_run(store, [assessed("/old/a.jpg"), assessed("/old/b.jpg"), failed("/old/c.jpg")])
    tag_run(
        store, [inherited("/new/a.jpg", "a.jpg"), assessed("/new/b.jpg", sha256=digest("other")), failed("/new/c.jpg")]
    )
    with store.write() as connection:
        mark_missing(connection, ["/new/b.jpg"])
    move(store, "/old", "/new")
    assert paths(store) == ["/new/a.jpg", "/new/b.jpg", "/new/c.jpg"]
    with store.read() as connection:
        photo = photos_at(connection, ["/new/b.jpg"])["/new/b.jpg"]
        assert content_of(connection, photo) == digest("b.jpg")
    assert len(everything(store)["failure"]) == 1


def test_suspects_move_too(store: Store) -> None:
    run = tag_run(store, [assessed("/p/a.jpg")])
    with store.write() as connection:
        lease_files(connection, ["/p/b.jpg"], run=run)
        move_files(connection, "/p", "/q")
        assert list(abandoned_files(connection)) == ["/q/b.jpg"]


def test_a_folder_that_the_store_does_not_have_is_named(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg")])
    with pytest.raises(UnknownFolder, match="'/p/b'"):
        move(store, "/p/b", "/q")
    with pytest.raises(UnknownFolder, match="'/q'"):
        forget_files(store, "/q")


def test_a_forgotten_folder_leaves_decisions_for_when_its_photos_come_back(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg"), assessed("/p/deep/b.jpg"), failed("/p/bad.jpg"), assessed("/p2/c.jpg")])
    tag_run(store, [inherited("/p2/copy.jpg", "a.jpg")])
    decide(store, digest("b.jpg"), "shows", "machu_picchu")
    assert forget_files(store, "/p") == Pruned(files=3, photos=0)
    assert paths(store) == ["/p2/c.jpg", "/p2/copy.jpg"]
    assert forget_files(store, "/p2") == Pruned(files=2, photos=2)
    tag_run(store, [assessed("/q/b.jpg")])
    assert tagged(store) == [("/q/b.jpg", "machu_picchu")]


def test_more_files_than_a_transaction_takes_are_forgotten(store: Store) -> None:
    tag_run(store, [assessed(f"/p/{number}.jpg") for number in range(1100)])
    assert forget_files(store, "/p") == Pruned(files=1100, photos=1100)
    assert paths(store) == []

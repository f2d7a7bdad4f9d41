"""Sidecars follow their photos, and are not lost with them."""

from __future__ import annotations

import os
from pathlib import Path

from db.engine import Store
from db.write.files import mark_missing
from db.write.forget import forget_files
from db.write.move import move_files
from tests.db.samples import decide, digest
from tests.export.xmp.written import EIFFEL, bag, beside, lists, photo, sidecar, statuses, tag_photos, undo, write


def test_a_folder_that_was_moved_with_its_sidecars(store: Store, paris: Path) -> None:
    write(store)
    moved = paris.parent.with_name("moved")
    paris.parent.rename(moved)
    with store.write() as connection:
        move_files(connection, str(paris.parent), str(moved))
    decide(store, digest("paris.jpg"), "shows", "machu_picchu")
    write(store)
    assert lists(moved / "paris.jpg.xmp")["dc:subject"] == ["Machu Picchu"]
    undo(store)
    assert os.listdir(moved) == ["paris.jpg"]


def test_a_sidecar_that_was_moved_by_hand_is_recognised(store: Store, paris: Path) -> None:
    write(store)
    moved = paris.with_name("new.jpg")
    paris.rename(moved)
    beside(paris).rename(beside(moved))
    with store.write() as connection:
        mark_missing(connection, [str(paris)])
    tag_photos(store, [moved])
    write(store)
    assert lists(beside(moved)) == EIFFEL
    undo(store)
    assert os.listdir(paris.parent) == ["new.jpg"]


def test_forgetting_a_folder_does_not_change_its_sidecars(store: Store, paris: Path) -> None:
    write(store)
    content = beside(paris).read_bytes()
    forget_files(store, str(paris.parent))
    assert write(store) == []
    assert beside(paris).read_bytes() == content
    assert statuses(undo(store)) == ["removed"]


def test_a_drive_that_is_off_loses_nothing(store: Store, paris: Path) -> None:
    write(store)
    off = paris.parent.with_name("off")
    paris.parent.rename(off)
    (outcome,) = undo(store)
    assert outcome.status == "failed"
    off.rename(paris.parent)
    assert statuses(undo(store)) == ["removed"]


def test_without_the_database_the_sidecars_say_what_to_take_back(store: Store, paris: Path) -> None:
    other = photo(paris.with_name("other.jpg"))
    tag_photos(store, [other])
    beside(other).write_text(sidecar(bag("dc:subject", "sea")))
    write(store)
    with store.write() as connection:
        connection.exec_driver_sql("DELETE FROM sidecar")
    assert sorted(statuses(undo(store))) == ["removed", "written"]
    assert lists(beside(other))["dc:subject"] == ["sea"]
    assert not beside(paris).exists()

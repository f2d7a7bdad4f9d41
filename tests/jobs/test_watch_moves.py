"""A watch follows files and folders that are moved or deleted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

pytest.importorskip("watchdog", reason="the extra 'watch' is not installed")

from db.engine import Store
from tagger.jobs.context import JobContext
from tests.drawn import jpeg, photos
from tests.jobs.watching import context, counts, eventually, library, paths, polls_often, tagged, watched

__all__ = ["context", "library", "polls_often"]  # fixtures

pytestmark = pytest.mark.slow


def test_a_photo_that_is_moved_or_deleted_is_followed(context: JobContext, store: Store, library: Path) -> None:
    photos(library, 3)
    with watched(context, library):
        eventually(lambda: len(tagged(store)) == 3)
        (library / "00000.jpg").rename(library / "renamed.jpg")
        eventually(lambda: tagged(store) == {"renamed.jpg", "00001.jpg", "00002.jpg"})
        (library / "00001.jpg").unlink()
        eventually(lambda: tagged(store) == {"renamed.jpg", "00002.jpg"})
        eventually(lambda: (counts(store)[0].moved, counts(store)[0].gone) == (0, 1))
        runs = len(counts(store))
        (library / "note.txt").touch()
        (library / "note.txt").unlink()
        (library / "00002.jpg").rename(library.parent / "outside.jpg")
        eventually(lambda: tagged(store) == {"renamed.jpg"})
    assert len(counts(store)) == runs + 1  # a deleted text starts no run
    assert sum(run.moved for run in counts(store)) == 1


def test_a_folder_that_is_moved_or_deleted_is_followed_however_many_photos_it_has(
    context: JobContext, store: Store, library: Path
) -> None:
    photos(library / "trip" / "day", 30, start=100)
    with watched(context, library):
        eventually(lambda: len(paths(store)) == 24)
        (library / "trip").rename(library / "renamed")
        eventually(lambda: str(library / "renamed" / "day" / "00100.jpg") in paths(store))
        eventually(lambda: len(paths(store)) == 24)
        shutil.rmtree(library / "renamed" / "day")
        eventually(lambda: tagged(store) == {"00000.jpg"})


def test_a_photo_that_is_saved_anew_is_not_gone_in_between(context: JobContext, store: Store, library: Path) -> None:
    with watched(context, library):
        eventually(lambda: tagged(store) == {"00000.jpg"})
        (library / "00000.jpg").unlink()
        (library / "00000.jpg").write_bytes(jpeg(quality=90))
        eventually(lambda: len(counts(store)) == 2 and counts(store)[0].tagged == 1)
    assert tagged(store) == {"00000.jpg"}
    assert sum(run.gone for run in counts(store)) == 0


def test_several_folders_change_in_the_same_second(context: JobContext, store: Store, library: Path) -> None:
    roots = [library, library.with_name("second"), library.with_name("third")]
    for root in roots:
        photos(root, 2)
    targets = [*roots[1:], roots[0]]
    with watched(context, *roots):
        eventually(lambda: len(paths(store)) == 6)
        for root in roots:
            (root / "new.jpg").write_bytes(jpeg(quality=90))
        eventually(lambda: len(paths(store)) == 9)
        for root, target in zip(roots, targets, strict=True):
            (root / "new.jpg").rename(target / f"from {root.name}.jpg")
        moved = {str(target / f"from {root.name}.jpg") for root, target in zip(roots, targets, strict=True)}
        eventually(lambda: moved <= paths(store) and len(paths(store)) == 9)
        for root in roots:
            root.rename(root.with_name(f"{root.name} away"))
            root.mkdir()
            (root / "later.jpg").write_bytes(jpeg(quality=80))
        later = {str(root / "later.jpg") for root in roots}
        eventually(lambda: later <= paths(store))
        for root in roots:
            (root / "last.jpg").write_bytes(jpeg(quality=70))
        last = {str(root / "last.jpg") for root in roots}
        eventually(lambda: last <= paths(store))


def test_a_folder_and_a_link_to_a_part_of_it_are_watched_once(context: JobContext, store: Store, library: Path) -> None:
    (library / "trip").mkdir()
    link = library.with_name("link")
    link.symlink_to(library / "trip")
    with watched(context, library, link):
        eventually(lambda: tagged(store) == {"00000.jpg"})
        (library / "trip" / "new.jpg").write_bytes(jpeg())
        eventually(lambda: "new.jpg" in tagged(store))
    assert paths(store) == {str(library / "00000.jpg"), str(library / "trip" / "new.jpg")}

"""Folders that are excluded, renamed, forgotten, or reached through a link."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from db.engine import Store
from db.read import listings
from db.read.filters import TagFilter
from tagger.core.errors import FolderNotFound
from tagger.core.run_options import RunOptions
from tagger.library.folders import forget_folder, move_folder
from tagger.library.report import RunState
from tagger.library.runner import LibraryRun
from tagger.model.bundle import Bundle
from tagger.model.predictor import Tagger
from tests.drawn import ColourEngine, photos
from tests.library.test_runner import LIMITS

OPTIONS = RunOptions()
GLOBS = (RunOptions(exclude=["private"]), RunOptions(skip_folders=["PRIV*"]), RunOptions(include=["trip/*"]))


@pytest.fixture
def library(tmp_path: Path) -> Path:
    photos(tmp_path / "library" / "trip", 3)
    photos(tmp_path / "library" / "private", 3, start=10)
    return tmp_path / "library"


def run(store: Store, bundle: Bundle, *roots: Path, options: RunOptions = OPTIONS) -> RunState:
    made = LibraryRun(store, bundle, [*map(str, roots)], lambda: Tagger(bundle, ColourEngine(), LIMITS), options)
    for _ in made.results():
        pass
    return made.state


def listed(store: Store, under: Path) -> list[str]:
    with store.read() as connection:
        hits = listings.all_hits(listings.tags, connection, TagFilter())
        return [hit.path.removeprefix(f"{under}/") for hit in hits]


def test_what_the_globs_exclude_now_is_no_longer_listed_until_they_include_it_again(
    store: Store, bundle: Bundle, library: Path
) -> None:
    everything = ["private/00010.jpg", "private/00012.jpg", "trip/00000.jpg", "trip/00001.jpg", "trip/00002.jpg"]
    run(store, bundle, library)
    assert listed(store, library) == everything
    for options in (
        RunOptions(exclude=["private"]),
        RunOptions(skip_folders=["PRIV*"]),
        RunOptions(include=["trip/*"]),
    ):
        counts = run(store, bundle, library, options=options).counts
        assert (counts.excluded, counts.gone, counts.unchanged) == (3, 0, 3)
        assert listed(store, library) == everything[2:]
        assert run(store, bundle, library, options=options).counts.excluded == 0
        assert run(store, bundle, library).counts.unchanged == 6
        assert listed(store, library) == everything


def test_a_folder_that_gets_a_nomedia_file_is_excluded(store: Store, bundle: Bundle, library: Path) -> None:
    run(store, bundle, library)
    (library / "private" / ".nomedia").touch()
    assert run(store, bundle, library).counts.excluded == 3


def test_what_a_scan_skips_but_a_person_tagged_by_name_stays_listed(
    store: Store, bundle: Bundle, library: Path
) -> None:
    photos(library / ".hidden", 1, start=20)
    odd = (library / "trip" / "00000.jpg").rename(library / "scan.bin")
    run(store, bundle, library)
    run(store, bundle, library / ".hidden")
    run(store, bundle, odd)
    everything = listed(store, library)
    assert {".hidden/00020.jpg", "scan.bin"} < set(everything)
    assert run(store, bundle, library).counts.excluded == 0
    assert listed(store, library) == everything
    assert run(store, bundle, library, options=RunOptions(exclude=[".hidden", "*.bin"])).counts.excluded == 2


def test_a_file_that_was_deleted_while_a_copy_lies_elsewhere_is_gone(
    store: Store, bundle: Bundle, library: Path
) -> None:
    copy = library / "copy.jpg"
    copy.write_bytes((library / "trip" / "00000.jpg").read_bytes())
    run(store, bundle, library)
    copy.unlink()
    counts = run(store, bundle, library).counts
    assert (counts.gone, counts.moved) == (1, 0)


def test_a_file_that_is_moved_there_and_back_is_moved_twice(store: Store, bundle: Bundle, library: Path) -> None:
    here, there = library / "trip" / "00000.jpg", library / "00000.jpg"
    run(store, bundle, library)
    for old, new in ((here, there), (there, here)):
        old.rename(new)
        counts = run(store, bundle, library).counts
        assert (counts.gone, counts.moved) == (0, 1)


def test_a_file_that_moved_before_a_run_was_killed_is_moved(store: Store, bundle: Bundle, library: Path) -> None:
    run(store, bundle, library)
    (library / "trip" / "00000.jpg").rename(library / "00000.jpg")
    run(store, bundle, library / "00000.jpg")
    with store.write() as connection:  # as the next run finds one that was killed
        connection.execute(text("UPDATE run SET status = 'died' WHERE id = 2"))
    counts = run(store, bundle, library).counts
    assert (counts.gone, counts.moved, counts.unchanged) == (0, 1, 6)


def test_a_renamed_folder_is_the_same_one(store: Store, bundle: Bundle, library: Path) -> None:
    run(store, bundle, library)
    new = library.rename(library.with_name("renamed"))
    assert move_folder(store, str(library), str(new)) == 6
    assert run(store, bundle, new).counts.unchanged == 6
    assert len(listed(store, new)) == 5


def test_a_folder_that_a_run_took_for_gone_is_back_when_it_is_named(
    store: Store, bundle: Bundle, library: Path
) -> None:
    run(store, bundle, library)
    (library / "trip").rename(library.with_name("trip"))
    assert run(store, bundle, library).counts.gone == 3
    move_folder(store, str(library / "trip"), str(library.with_name("trip")))
    assert len(listed(store, library)) == 5


def test_a_forgotten_folder_is_new_when_it_is_tagged_again(store: Store, bundle: Bundle, library: Path) -> None:
    run(store, bundle, library)
    assert forget_folder(store, str(library / "private")).files == 3
    assert listed(store, library) == ["trip/00000.jpg", "trip/00001.jpg", "trip/00002.jpg"]
    assert run(store, bundle, library).counts.tagged == 2


def test_the_same_folder_by_a_link_is_one_folder(store: Store, bundle: Bundle, library: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(library)
    run(store, bundle, library)
    assert run(store, bundle, link).counts.unchanged == 6
    assert run(store, bundle, link / "trip").counts.unchanged == 3
    assert run(store, bundle, link, library).counts.unchanged == 6
    assert len(listed(store, library)) == 5


def test_a_folder_that_was_tagged_by_a_link_keeps_that_name(
    store: Store, bundle: Bundle, library: Path, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(library)
    run(store, bundle, link)
    assert run(store, bundle, library).counts.unchanged == 6
    assert len(listed(store, link)) == 5


def test_a_part_that_was_tagged_by_a_link_belongs_to_the_whole_once_that_is_tagged(
    store: Store, bundle: Bundle, library: Path, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(library / "trip")
    run(store, bundle, link)
    counts = run(store, bundle, library).counts
    assert (counts.unchanged, counts.tagged) == (3, 2)
    assert sorted(listed(store, library)) == sorted(set(listed(store, library)))
    assert len(listed(store, library)) == 5


def test_a_link_into_another_root_is_not_followed(store: Store, bundle: Bundle, library: Path, tmp_path: Path) -> None:
    photos(tmp_path / "other", 1, start=20)
    (library / "link").symlink_to(tmp_path / "other")
    run(store, bundle, library)
    assert "link/00020.jpg" in listed(store, library)
    counts = run(store, bundle, library, tmp_path / "other").counts
    assert (counts.moved, counts.gone) == (1, 0)
    assert [path for path in listed(store, library) if path.endswith("00020.jpg")] == [
        str(tmp_path / "other/00020.jpg")
    ]
    assert run(store, bundle, library).counts.unchanged == 6


def test_a_linked_folder_that_lies_in_the_library_too_is_listed_at_its_own_path(
    store: Store, bundle: Bundle, library: Path
) -> None:
    outside = (library / "trip").rename(library.with_name("outside"))
    (library / "link").symlink_to(outside)
    run(store, bundle, library)
    (library / "link").unlink()
    (library / "link").symlink_to(outside.rename(library / "trip"))
    counts = run(store, bundle, library).counts
    assert (counts.moved, counts.gone) == (3, 0)
    assert len(listed(store, library)) == 5


def test_an_empty_string_is_no_folder(store: Store, bundle: Bundle) -> None:
    made = LibraryRun(store, bundle, [""], lambda: pytest.fail("a model was opened"))
    with pytest.raises(FolderNotFound, match="'' is neither a file nor a folder"):
        next(made.results())

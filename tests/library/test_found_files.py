"""The files of a scan are found again by their paths, also when they take less memory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tagger.core.types import FoundFile
from tagger.library.found_files import Comparison, FoundFiles
from tagger.library.scan import scan, walk
from tagger.library.selection import Globs
from tests.library.test_scan import touch

NAMES = ["b.jpg", "ä.jpg", "\udcff.jpg", "z/0.jpg", "z/10.jpg", "z/9.jpg"]


def found_files(*roots: Path) -> FoundFiles:
    return FoundFiles(walk([*map(str, roots)], Globs()))


@pytest.mark.parametrize("packed", [False, True])
def test_each_file_has_its_place_and_no_other_path_has_one(tmp_path: Path, packed: bool) -> None:
    touch(tmp_path, *NAMES)
    found = found_files(tmp_path)
    if packed:
        found.pack()
    places = {name: found.position(os.fsencode(tmp_path / name)) for name in NAMES}
    assert sorted(place for place in places.values() if place is not None) == list(range(len(NAMES)))
    others = ["a.jpg", "z", "z/1.jpg", "", "b.jpg/", "y/0.jpg"]
    assert [found.position(os.fsencode(f"{tmp_path}/{name}")) for name in others] == [None] * len(others)
    assert [file for file, _ in found.items(Comparison.NEW)] == list(scan([str(tmp_path)], Globs()))


def test_a_file_that_is_a_root_too_is_taken_once(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "b.jpg", "c.bin")
    found = found_files(tmp_path / "a.jpg", tmp_path, tmp_path / "b.jpg", tmp_path / "c.bin", tmp_path / "c.bin")
    paths = [os.path.basename(file.path) for file, _ in found.items(Comparison.NEW)]
    assert paths == ["a.jpg", "b.jpg", "c.bin"]


def test_files_are_counted_and_listed_by_how_they_compare(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    (tmp_path / "d.jpg").symlink_to("nowhere")
    found = found_files(tmp_path)
    found[1] = Comparison.UNCHANGED
    found.replace(Comparison.NEW, Comparison.LEFT)
    assert (found.count(Comparison.NEW), found.count(Comparison.UNCHANGED, Comparison.LEFT)) == (0, 4)
    assert [os.path.basename(file.path) for file, _ in found.items(Comparison.UNCHANGED)] == ["b.jpg"]
    assert found.file(os.fsencode(tmp_path / "d.jpg"), 3) == FoundFile(str(tmp_path / "d.jpg"), None, None)

"""A manifest comes back as it was written, and one that leaks is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from training.data.manifest import DataError, Entry, Split, check_leaks, load_manifest, summary, write_manifest


def entry(path: str = "a.jpg", split: Split = "train", group: str = "", *, sha256: str = "") -> Entry:
    return Entry(Path("/photos", path), sha256 or path, split, "landmark", "red_rock", group, 48, 40, "drawn")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    entries = [entry("a.jpg"), replace(entry("b, c.jpg", "test"), role="negative", label="fog", group="7")]
    write_manifest(tmp_path / "new" / "manifest.csv", entries)
    assert load_manifest(tmp_path / "new" / "manifest.csv") == entries


def test_photos_below_the_manifests_folder_move_with_it(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    write_manifest(before / "manifest.csv", [replace(entry(), path=before / "photos/a.jpg"), entry("b.jpg")])
    before.rename(after)
    paths = [one.path for one in load_manifest(after / "manifest.csv")]
    assert paths == [after / "photos/a.jpg", Path("/photos/b.jpg")]


def test_a_group_in_two_splits_is_a_leak_whatever_its_labels() -> None:
    other = replace(entry("b", "test", "7"), label="blue_lake")
    with pytest.raises(DataError, match="group of near-duplicates '7' is in test and train"):
        check_leaks([entry("a", "train", "7"), other])


def test_one_content_in_two_splits_is_a_leak() -> None:
    with pytest.raises(DataError, match="content 'same' is in test and val"):
        check_leaks([entry("a", "val", sha256="same"), entry("b", "test", sha256="same")])


def test_photos_without_a_group_are_no_group() -> None:
    check_leaks([entry("a", "train"), entry("b", "test")])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("path,sha256\na.jpg,1\n", "has no column 'split'"),
        ("path,sha256,split,role,label,group,width,height,source\na,1,holdout,landmark,x,,4,3,\n", "row 0: split"),
        ("path,sha256,split,role,label,group,width,height,source\na,1,train,landmark,x,,wide,3,\n", "row 0: width"),
    ],
)
def test_a_file_that_is_no_manifest_is_refused_with_the_place(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "manifest.csv").write_text(text)
    with pytest.raises(DataError, match=problem):
        load_manifest(tmp_path / "manifest.csv")


def test_a_manifest_that_is_not_there_is_an_expected_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"manifest\.csv cannot be read"):
        load_manifest(tmp_path / "manifest.csv")


def test_the_summary_counts_each_split() -> None:
    entries = [entry("a"), entry("b"), replace(entry("c", "test"), role="negative", label="fog")]
    assert summary(entries).splitlines() == [
        "train      2 landmark photos      0 negatives",
        "val        0 landmark photos      0 negatives",
        "test       0 landmark photos      1 negatives",
        "1 landmark, no photo or near-duplicate in two splits",
    ]

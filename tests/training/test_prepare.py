"""A manifest is believed only after its photos were read and its splits compared."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tagger.errors import ConfigError, FolderNotFound
from tests.training.drawn import read_manifest, write_manifest
from training.prepare import DataError, Entry, check_leaks, load_manifest, photo_folder, prepare, summary


def test_sound_photos_are_written_to_the_runs_own_manifest(photos: Path, tmp_path: Path) -> None:
    manifest = tmp_path / "run" / "manifest.csv"
    entries = prepare(photos, manifest)
    assert load_manifest(manifest) == entries
    assert summary(entries).splitlines() == [
        "train     18 landmark photos      6 negatives",
        "val        9 landmark photos      3 negatives",
        "test       9 landmark photos      3 negatives",
        "3 landmarks, no photo or near-duplicate in two splits",
    ]


def entry(path: str, split: str, group: str, *, sha256: str = "", label: str = "red_rock") -> Entry:
    return Entry(path, sha256 or path, split, "landmark", label, group)  # type: ignore[arg-type]


def test_a_group_in_two_splits_is_a_leak() -> None:
    with pytest.raises(DataError, match="group of landmark red_rock '7' is in test and train"):
        check_leaks([entry("a", "train", "7"), entry("b", "test", "7")])


def test_one_content_in_two_splits_is_a_leak() -> None:
    with pytest.raises(DataError, match="content 'same' is in test and val"):
        check_leaks([entry("a", "val", "1", sha256="same"), entry("b", "test", "2", sha256="same")])


def test_groups_are_counted_for_each_landmark_alone_and_none_is_no_group() -> None:
    check_leaks([entry("a", "train", "7"), entry("b", "test", "7", label="blue_lake")])
    check_leaks([entry("a", "train", ""), entry("b", "test", "")])


def test_prepare_itself_looks_for_leaks(photos: Path, tmp_path: Path) -> None:
    rows = read_manifest(photos)
    for row in rows:
        if row["label"] == "red_rock":
            row["group"] = "all of them"
    write_manifest(photos, rows)
    with pytest.raises(DataError, match="all of them"):
        prepare(photos, tmp_path / "manifest.csv")


def test_an_altered_photo_is_named(photos: Path, tmp_path: Path) -> None:
    shutil.copy(photos / "train/red_rock/0.jpg", photos / "train/red_rock/1.jpg")
    with pytest.raises(DataError, match=r"red_rock/1\.jpg is not the photo that the manifest describes"):
        prepare(photos, tmp_path / "manifest.csv")


def test_a_missing_photo_is_named(photos: Path, tmp_path: Path) -> None:
    (photos / "val/fog/2.jpg").unlink()
    with pytest.raises(DataError, match=r"fog/2\.jpg is in the manifest but not in the folder"):
        prepare(photos, tmp_path / "manifest.csv")


def test_a_manifest_with_an_unknown_split_is_refused(photos: Path, tmp_path: Path) -> None:
    rows = read_manifest(photos)
    rows[4]["split"] = "holdout"
    write_manifest(photos, rows)
    with pytest.raises(DataError, match="row 4: split"):
        prepare(photos, tmp_path / "manifest.csv")


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"manifest\.csv cannot be read"):
        prepare(tmp_path, tmp_path / "out.csv")


def test_the_folder_of_photos_is_named_by_a_variable(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANDMARK_DATA", str(photos))
    assert photo_folder() == photos
    monkeypatch.setenv("LANDMARK_DATA", str(photos / "nowhere"))
    with pytest.raises(FolderNotFound):
        photo_folder()
    monkeypatch.delenv("LANDMARK_DATA")
    with pytest.raises(ConfigError, match="LANDMARK_DATA is not set"):
        photo_folder()

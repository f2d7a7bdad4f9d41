"""A folder's own manifest is believed only after its photos were read and its splits compared."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tagger.core.errors import ConfigError, FolderNotFound
from tests.training.drawn import read_manifest, write_manifest
from tests.training.pictures import photo, written
from training.data.audit import LabelledFile, audit
from training.data.manifest import DataError, load_manifest
from training.data.manifest_folder import data_folder
from training.data.prepare import Source, prepare


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_sound_photos_are_written_to_a_manifest_of_their_own(photos: Path, to: Path) -> None:
    prepared = prepare(Source("manifest_folder", photos), to)
    assert load_manifest(prepared.manifest) == prepared.entries
    assert {entry.path for entry in prepared.entries} == set(photos.rglob("*.jpg"))
    assert prepared.summary().splitlines() == [
        "train     18 landmark photos      6 negatives",
        "val        9 landmark photos      3 negatives",
        "test       9 landmark photos      3 negatives",
        "3 landmarks, no photo or near-duplicate in two splits",
        f"report: {to / 'data.html'}",
    ]


def test_a_described_group_in_two_splits_is_refused(photos: Path, to: Path) -> None:
    rows = read_manifest(photos)
    for row in rows:
        if row["label"] == "red_rock":
            row["group"] = "all of them"
    write_manifest(photos, rows)
    with pytest.raises(DataError, match=r"red_rock/0\.jpg \(train\) and .* \(val\) are near-duplicates"):
        prepare(Source("manifest_folder", photos), to)
    assert not to.exists()


def test_near_duplicates_in_two_splits_that_no_group_names_are_refused(photos: Path, to: Path) -> None:
    shutil.copy(photos / "train/red_rock/0.jpg", photos / "test/red_rock/1.jpg")
    rows = read_manifest(photos)
    by_file = {row["file"]: row for row in rows}
    by_file["test/red_rock/1.jpg"]["sha256"] = by_file["train/red_rock/0.jpg"]["sha256"]
    write_manifest(photos, rows)
    with pytest.raises(DataError, match=r"red_rock/0\.jpg \(train\) and .*/1\.jpg \(test\) are near-duplicates"):
        prepare(Source("manifest_folder", photos), to)


def test_an_altered_photo_is_named(photos: Path, to: Path) -> None:
    shutil.copy(photos / "train/red_rock/0.jpg", photos / "train/red_rock/1.jpg")
    with pytest.raises(DataError, match=r"red_rock/1\.jpg is not the photo that the manifest describes"):
        prepare(Source("manifest_folder", photos), to)


def test_a_missing_photo_is_named(photos: Path, to: Path) -> None:
    (photos / "val/fog/2.jpg").unlink()
    with pytest.raises(DataError, match=r"fog/2\.jpg is in the manifest but not in the folder"):
        prepare(Source("manifest_folder", photos), to)


def test_a_photo_that_does_not_decode_is_named_with_the_reason(photos: Path, to: Path) -> None:
    written(photos / "val/fog/2.jpg", b"no photo")
    with pytest.raises(DataError, match=r"fog/2\.jpg cannot be read \(unsupported: "):
        prepare(Source("manifest_folder", photos), to)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path, to: Path) -> None:
    with pytest.raises(DataError, match=r"manifest\.csv cannot be read"):
        prepare(Source("manifest_folder", tmp_path), to)


def test_the_folder_of_photos_is_named_by_a_variable(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANDMARK_DATA", str(photos))
    assert data_folder() == photos
    monkeypatch.setenv("LANDMARK_DATA", str(photos / "nowhere"))
    with pytest.raises(FolderNotFound):
        data_folder()
    monkeypatch.delenv("LANDMARK_DATA")
    with pytest.raises(ConfigError, match="LANDMARK_DATA is not set"):
        data_folder()


def test_a_relabelled_photo_does_not_bring_its_near_duplicate_into_the_test(photos: Path, to: Path) -> None:
    written(photos / "train/red_rock/0.jpg", photo(1))
    written(photos / "test/blue_lake/0.jpg", photo(1, changed_tiles=7))
    rows = read_manifest(photos)
    files = ["train/red_rock/0.jpg", "test/blue_lake/0.jpg"]
    read, _ = audit([LabelledFile(photos / file, "landmark", "any") for file in files])
    assert 3 < (read[0].phash ^ read[1].phash).bit_count() <= 8  # near for one landmark only
    for row in rows:
        if row["file"] in files:
            row["sha256"] = read[files.index(str(row["file"]))].sha256
    write_manifest(photos, rows)
    decisions = written(
        to.parent / "decisions.csv", f"sha256,verdict,landmark\n{read[0].sha256},shows,blue_lake\n".encode()
    )
    prepared = prepare(Source("manifest_folder", photos), to, decisions=decisions)
    assert prepared.stats.moved == [{"path": "test/blue_lake/0.jpg", "was": "test", "now": "train"}]

"""Labels come from folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.pictures import folder_of, photo, written
from training.data.image_folder import list_image_folder
from training.data.manifest import DataError


def test_photos_lie_at_every_depth_and_what_is_hidden_or_no_image_does_not_count(tmp_path: Path) -> None:
    folder_of(tmp_path, {"Big Ben": 1, "Big Ben/night/rain": 1, ".thumbs": 1, "__MACOSX": 1})
    written(tmp_path / "Big Ben" / "notes.txt", b"seen in May")
    written(tmp_path / "Big Ben" / "._000.jpg", b"")
    found = [
        (str(one.path.relative_to(tmp_path)), one.role, one.label, one.split) for one in list_image_folder(tmp_path)
    ]
    assert found == [
        ("Big Ben/000.jpg", "landmark", "big_ben", None),
        ("Big Ben/night/rain/000.jpg", "landmark", "big_ben", None),
    ]


@pytest.mark.parametrize("name", ["none", "negatives", "None"])
def test_negatives_have_a_folder_and_kinds_below_it(tmp_path: Path, name: str) -> None:
    folder_of(tmp_path, {"Big Ben": 1, name: 1, f"{name}/Street food": 1})
    found = [(one.role, one.label) for one in list_image_folder(tmp_path) if one.role == "negative"]
    assert found == [("negative", "other"), ("negative", "street_food")]


def test_folders_named_as_splits_are_respected(tmp_path: Path) -> None:
    folder_of(tmp_path, {"train/Big Ben": 1, "validation/Big Ben": 1, "test/Big Ben": 1, "test/none": 1})
    found = [(one.split, one.role, one.label) for one in list_image_folder(tmp_path)]
    assert found == [
        ("test", "landmark", "big_ben"),
        ("test", "negative", "other"),
        ("train", "landmark", "big_ben"),
        ("val", "landmark", "big_ben"),
    ]


def test_a_stranger_beside_the_splits_is_refused(tmp_path: Path) -> None:
    folder_of(tmp_path, {"train/Big Ben": 1, "Big Ben": 1})
    with pytest.raises(DataError, match="'Big Ben', which is not a split"):
        list_image_folder(tmp_path)


def test_a_folder_of_something_else_says_what_was_expected_and_found(tmp_path: Path) -> None:
    written(tmp_path / "1.jpg", photo(1))
    with pytest.raises(DataError, match=r"it contains 1\.jpg\. Expected one folder for each landmark"):
        list_image_folder(tmp_path)
    with pytest.raises(DataError, match="is not a folder"):
        list_image_folder(tmp_path / "1.jpg")

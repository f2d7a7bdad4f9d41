"""Labels come from folders' names, and no two names become one label."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.pictures import folder_of, photo, written
from training.data.image_folder import label_names, list_image_folder
from training.data.manifest import DataError


def test_numbers_go_where_every_name_has_one_and_stay_where_they_are_part_of_a_name() -> None:
    assert label_names(["00.Dead_Sea", "19.Vienna_City_Hall"]) == {
        "00.Dead_Sea": "dead_sea",
        "19.Vienna_City_Hall": "vienna_city_hall",
    }
    assert label_names(["30.St_Mary_Axe", "Gherkin"])["30.St_Mary_Axe"] == "30_st_mary_axe"


def test_two_names_of_one_label_are_an_error_that_names_both() -> None:
    with pytest.raises(DataError, match="'Eiffel Tower' and 'eiffel-tower' both mean 'eiffel_tower'"):
        label_names(["Eiffel Tower", "Louvre", "eiffel-tower"])


def test_a_name_without_letters_that_a_label_keeps_is_refused() -> None:
    with pytest.raises(DataError, match="'长城' makes no label"):
        label_names(["长城"])


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
    with pytest.raises(DataError, match=r"it holds 1\.jpg\. Expected one folder for each landmark"):
        list_image_folder(tmp_path)
    with pytest.raises(DataError, match="is not a folder"):
        list_image_folder(tmp_path / "1.jpg")

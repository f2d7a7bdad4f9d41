"""Labels come from folders' names, and no two names become one label."""

from __future__ import annotations

import unicodedata

import pytest

from training.data.folder_names import FolderLabel, folder_labels, slug
from training.data.manifest import DataError


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Eiffel Tower", "eiffel_tower"),
        ("Château d’If", "chateau_dif"),
        ("Wroclaw's Dwarves", "wroclaws_dwarves"),
        ("Wrocław – Rynek (old)", "wroclaw_rynek_old"),
        ("Große Straße 5", "grosse_strasse_5"),
        ("HẠ LONG", "ha_long"),
        ("__x__", "x"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}1", "a1"),
        ("长城", "zhangcheng"),
        ("Кремль", "kreml"),
        ("–", ""),
    ],
)
def test_a_name_becomes_plain_small_letters(name: str, expected: str) -> None:
    assert slug(name) == expected


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("Käse", "Käse"),
        (unicodedata.normalize("NFD", "Käse"), "Käse"),
        ("长城", "长城"),
        ("Château d’If", "Château d’If"),
        ("my_house", "My House"),
        ("USS_Arizona", "USS Arizona"),
    ],
)
def test_a_landmark_keeps_the_name_of_its_folder(folder: str, name: str) -> None:
    assert folder_labels([folder])[folder].name == name


def test_numbers_go_where_every_name_has_one_and_stay_where_they_are_part_of_a_name() -> None:
    assert folder_labels(["00.Dead_Sea", "19.Vienna_City_Hall"]) == {
        "00.Dead_Sea": FolderLabel("dead_sea", "Dead Sea"),
        "19.Vienna_City_Hall": FolderLabel("vienna_city_hall", "Vienna City Hall"),
    }
    assert folder_labels(["30.St_Mary_Axe", "Gherkin"])["30.St_Mary_Axe"].id == "30_st_mary_axe"


def test_two_names_of_one_label_are_an_error_that_names_both() -> None:
    with pytest.raises(DataError, match="'Eiffel Tower' and 'eiffel-tower' both give the id 'eiffel_tower'"):
        folder_labels(["Eiffel Tower", "Louvre", "eiffel-tower"])


def test_a_name_without_letters_is_refused() -> None:
    with pytest.raises(DataError, match="'–' gives no label"):
        folder_labels(["–"])

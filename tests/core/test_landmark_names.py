"""A landmark is found by any of its names, as people write them."""

from __future__ import annotations

import pytest

from tagger.core.landmark_names import find, names_of, nearest, places_of
from tagger.core.types import Landmark

EIFFEL = {"de": "Eiffelturm", "ja": "エッフェル塔", "hi": "एफ़िल टॉवर", "ar": "برج إيفل", "fr": "Tour Eiffel"}
TAJ = {"hi": "ताज महल", "ar": "تاج محل", "zh": "泰姬陵", "ru": "Тадж-Махал"}
LANDMARKS = {
    1: Landmark("eiffel_tower", "Eiffel Tower", city="Paris", aliases=("La dame de fer",), names=EIFFEL),
    2: Landmark("taj_mahal", "Taj Mahal", city="Agra, Uttar Pradesh", names=TAJ, cities={"hi": "आगरा, उत्तर प्रदेश"}),
    3: Landmark("mosque", "Mosque", aliases=("Tour Eiffel copy",), names={"ar": "مكتبة"}),
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("EIFFELTURM", 1),
        ("eiffel tower", 1),
        ("la dame de fer", 1),
        ("エッフェル塔", 1),
        ("एफिल टॉवर", 1),  # without the dot below
        ("برج ايفل", 1),  # without the hamza
        ("بــرج إيفل", 1),  # stretched
        ("тадж махал", 2),
        ("泰姬陵", 2),
        ("ताजमहल", 2),
        ("مكتبه", 3),
        ("", None),
        ("?", None),
        ("ताज मोहल", None),  # another vowel
        ("eiffel", None),
    ],
)
def test_a_name_in_any_language_finds_the_landmark(text: str, found: int | None) -> None:
    assert find(text, LANDMARKS) == found


def test_an_own_name_outranks_an_alias_and_that_a_name_in_another_language() -> None:
    alias, foreign = Landmark("b", "B", aliases=("Tower",)), Landmark("c", "C", names={"de": "Tower"})
    assert find("tower", {"c": foreign, "b": alias, "a": Landmark("a", "Tower")}) == "a"
    assert find("tower", {"c": foreign, "b": alias}) == "b"


@pytest.mark.parametrize(("text", "found"), [("eifelturm", [1]), ("エッフェル", [1]), ("आगरा", [2]), ("нотр-дам", [])])
def test_a_similar_name_or_place_is_offered(text: str, found: list[int]) -> None:
    assert nearest(text, LANDMARKS) == found


def test_names_and_places_are_listed_once() -> None:
    assert names_of(LANDMARKS[1])[:3] == ("eiffel_tower", "Eiffel Tower", "La dame de fer")
    assert places_of(LANDMARKS[2]) == ("Agra", "Uttar Pradesh", "आगरा", "उत्तर प्रदेश")

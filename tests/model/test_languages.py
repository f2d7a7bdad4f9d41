"""Landmarks in a language, and their hashtags."""

from __future__ import annotations

import sys

import pytest

from tagger import Landmark, hashtags, localized
from tagger.core.errors import UnknownLanguage
from tagger.model.languages import country_in, language_of

NAMES = {"it": "Torre Eiffel", "ja": "エッフェル塔"}
TOWER = Landmark("eiffel_tower", "Eiffel Tower", "France", city="Paris", names=NAMES)


@pytest.mark.parametrize(
    ("country", "language", "name"),
    [
        ("France", "it", "Francia"),
        ("Turkey", "de", "Türkei"),
        ("United Arab Emirates", "zh", "阿拉伯联合酋长国"),
        ("Jerusalem", "ru", "Иерусалим"),
        ("Utopia", "de", "Utopia"),
        ("France", "xx", "France"),
    ],
)
def test_a_country_has_its_name_in_each_language(country: str, language: str, name: str) -> None:
    assert country_in(country, language) == name


def test_a_landmark_is_in_english_where_the_language_lacks_a_name() -> None:
    assert localized(TOWER, "it").full_name == "Torre Eiffel, Paris, Francia"
    assert localized(TOWER, "hi").full_name == "Eiffel Tower, Paris, फ़्रांस"
    assert localized(TOWER, "en") == TOWER


@pytest.mark.parametrize("text", ["it", "IT", "it-CH", "it_CH"])
def test_a_language_may_have_a_region(text: str) -> None:
    assert language_of(text, [TOWER]) == "it"


@pytest.mark.parametrize("text", ["de", "", "italian", "?"])
def test_another_language_is_an_error(text: str) -> None:
    with pytest.raises(UnknownLanguage, match=r"There are: en, it, ja\."):
        language_of(text, [TOWER])


@pytest.mark.parametrize(
    ("name", "city", "tags"),
    [
        ("Eiffel Tower", "Paris", ("#EiffelTower", "#Paris")),
        ("Château d'If", "Marseille", ("#ChâteauDIf", "#Marseille")),
        ("Humayun's Tomb", None, ("#HumayunsTomb",)),
        ("Niagara Falls", "Niagara Falls, Ontario", ("#NiagaraFalls",)),
        ("マチュ・ピチュ", "クスコ", ("#マチュピチュ", "#クスコ")),
        ("برج إيفل", "باريس", ("#برج_إيفل", "#باريس")),
        ("गेटवे ऑफ़ इंडिया", "मुंबई, महाराष्ट्र", ("#गेटवे_ऑफ़_इंडिया", "#मुंबई")),
        ("42", "!", ()),
    ],
)
def test_hashtags_are_words_without_gaps(name: str, city: str | None, tags: tuple[str, ...]) -> None:
    assert hashtags(Landmark("x", name, city=city)) == tags


def test_without_babel_a_country_stays_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "babel", None)
    country_in.cache_clear()
    assert localized(TOWER, "it").full_name == "Torre Eiffel, Paris, France"
    country_in.cache_clear()

"""Landmarks in a language: names and cities as the card has them, countries by the Unicode CLDR.

What a language lacks stays in English; so do countries without the extra `countries`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from importlib.util import find_spec

from tagger.core.errors import UnknownLanguage
from tagger.core.types import Answer, Landmark, NoLandmark, Tagged

ENGLISH = "en"
OTHER_NAMES = {"Turkey": "TR", "Czech Republic": "CZ", "Hong Kong": "HK", "Macau": "MO", "Myanmar": "MM"}
CITIES = {"Jerusalem": "Asia/Jerusalem"}  # in the place of a country; the CLDR names it as the city of a time zone


def languages(landmarks: Iterable[Landmark]) -> list[str]:
    """The codes of the languages in which landmarks have names, English among them."""
    return sorted({ENGLISH, *(code for landmark in landmarks for code in landmark.names)})


def language_of(text: str, landmarks: Iterable[Landmark]) -> str:
    """The code of a language that somebody asks for: ``pt`` for ``pt``, ``PT`` and ``pt-BR``.

    Raises:
        UnknownLanguage: no landmark has a name in it; lists those that there are.
    """
    code, known = text.replace("_", "-").split("-")[0].lower(), languages(landmarks)
    if code not in known:
        raise UnknownLanguage(text, known)
    return code


def localized(landmark: Landmark, language: str) -> Landmark:
    """The landmark with its name, city and country in a language.

    Args:
        landmark: as the model has it.
        language: a code that `language_of` returns.
    """
    if language == ENGLISH:
        return landmark
    return replace(
        landmark,
        name=landmark.names.get(language, landmark.name),
        city=landmark.cities.get(language, landmark.city),
        country=landmark.country and country_in(landmark.country, language),
    )


def answer_in(answer: Answer, language: str) -> Answer:
    """The answer with its landmarks in a language."""
    if language == ENGLISH or not isinstance(answer, Tagged | NoLandmark):
        return answer
    suggestions = (replace(each, landmark=localized(each.landmark, language)) for each in answer.suggestions)
    return replace(answer, suggestions=tuple(suggestions))


@lru_cache(maxsize=2_000)
def country_in(country: str, language: str) -> str:
    """A country's English name in a language; as it is if it is no country, or the language is unknown."""
    if find_spec("babel") is None:
        return country
    from babel import Locale, UnknownLocaleError  # takes a moment, and most runs need no language

    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return country
    if zone := CITIES.get(country):
        return str(locale.time_zones.get(zone, {}).get("city", country))
    return str(locale.territories.get(_territories().get(country, ""), country))


@lru_cache(maxsize=1)
def _territories() -> dict[str, str]:
    """The codes of countries by their English names."""
    from babel import Locale

    return {name: code for code, name in Locale.parse(ENGLISH).territories.items()} | OTHER_NAMES

"""Landmarks by the names that people type: in any language and script, in any case, with or without accents.

The one rule: the command line, the bot and the queries of the store all look names up here, so that they understand the
same ones. An exact name decides; similar names are only offered.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple, TypeVar

from tagger.core.text import edit_distance, plain
from tagger.core.types import Landmark

T = TypeVar("T")

LETTERS_PER_TYPO = 4  # of a typed name: one in four may be wrong
MIN_PART = 3  # letters that stand for a name; fewer are too common
MIN_MISTYPED = 5  # letters of a word that may have a typo; shorter ones are too similar to one another
MAX_ARTICLE = 3  # letters of a first word that may be left out
MAX_NAMES, MAX_LANDMARKS = 50_000, 2_000  # kept in memory


def names_of(landmark: Landmark) -> tuple[str, ...]:
    """The key, and all names and aliases."""
    return tuple(dict.fromkeys((landmark.id, landmark.name, *landmark.aliases, *landmark.names.values())))


def places_of(landmark: Landmark) -> tuple[str, ...]:
    """The city and its region, each by its names in all languages."""
    cities = (landmark.city or "", *landmark.cities.values())
    return tuple(dict.fromkeys(part.strip() for city in cities for part in city.split(",")))


def find(text: str, landmarks: Mapping[T, Landmark]) -> T | None:
    """The landmark with this name; None if there is none.

    A key or English name outranks another landmark's alias, and that a name in another language.
    """
    typed = plain(text)
    if not typed:
        return None
    for names in (_own_names, lambda landmark: landmark.aliases, lambda landmark: landmark.names.values()):
        for key, landmark in landmarks.items():
            if typed in map(_plain, names(landmark)):
                return key
    return None


def nearest(text: str, landmarks: Mapping[T, Landmark], *, limit: int = 5) -> list[T]:
    """The landmarks with a similar name or place, best first.

    A name is similar if the text is the beginning of it or of a later word of it, or differs from some of its words by
    few letters.

    Args:
        text: a typed name.
        landmarks: those to choose from.
        limit: the most results.
    """
    first, _, rest = text.strip().partition(" ")
    texts = (plain(text), *([plain(rest)] if len(first) <= MAX_ARTICLE else []))
    typed = [(text, frozenset(text)) for text in texts]
    distances = {
        key: _distance(typed, (*names_of(landmark)[1:], *places_of(landmark))) for key, landmark in landmarks.items()
    }
    similar = [key for key, distance in distances.items() if distance < math.inf]
    return sorted(similar, key=distances.__getitem__)[:limit]


def _own_names(landmark: Landmark) -> tuple[str, ...]:
    return (landmark.id, landmark.name)


@lru_cache(maxsize=MAX_NAMES)
def _plain(name: str) -> str:
    return plain(name)


def _distance(typed: Iterable[tuple[str, frozenset[str]]], names: tuple[str, ...]) -> float:
    """How far a text is from the nearest of these names; infinite if it is too far from all."""
    parts = _parts_of(names)
    return min((_distance_to(text, letters, part) for text, letters in typed for part in parts), default=math.inf)


class _Part(NamedTuple):
    """Some words of a name, one after another.

    Attributes:
        text: as `plain` writes it.
        is_end: whether the last word is among them.
        share: of the name's words.
        letters: of the text.
    """

    text: str
    is_end: bool
    share: float
    letters: frozenset[str]


def _distance_to(typed: str, letters: frozenset[str], part: _Part) -> float:
    length = min(len(typed), len(part.text))
    most = round(length / LETTERS_PER_TYPO) if length >= MIN_MISTYPED else 0
    if length < MIN_PART:
        return math.inf
    if part.is_end and part.text.startswith(typed):
        return 1 - len(typed) / len(part.text)
    if abs(len(part.text) - len(typed)) > most or len(letters ^ part.letters) > 2 * most:
        return math.inf  # a typo changes at most two letters' presence, so most parts need no slow comparison
    typos = edit_distance(typed, part.text)
    return typos + 1 - part.share if typos <= most else math.inf


@lru_cache(maxsize=MAX_LANDMARKS)
def _parts_of(names: tuple[str, ...]) -> frozenset[_Part]:
    return frozenset(part for name in names for part in _parts(name))


def _parts(name: str) -> Iterator[_Part]:
    words = name.split()
    for start, end in combinations(range(len(words) + 1), 2):
        text = plain(" ".join(words[start:end]))
        yield _Part(text, end == len(words), (end - start) / len(words), frozenset(text))

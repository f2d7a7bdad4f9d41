"""Hits of listings in a language, and with hashtags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from db.engine import Connection
from db.read import catalog
from db.read.rows import TagHit
from tagger.core.hashtags import hashtags
from tagger.core.types import Landmark
from tagger.model.bundle import open_bundle
from tagger.model.languages import localized


@dataclass(frozen=True, slots=True)
class HashtagHit(TagHit):
    """A landmark on a photo, with hashtags of it and of its city."""

    hashtags: tuple[str, ...] = ()


def known_landmarks(connection: Connection, bundle: Path | None) -> dict[str, Landmark]:
    """The landmarks of the store by id. For those of the bundle, its card has the newest names."""
    stored = {landmark.id: landmark for landmark in catalog.landmarks(connection).values()}
    card = open_bundle(bundle, verify=False).card
    return stored | {entry.id: entry.landmark() for entry in card.classes}


def in_language(landmarks: Mapping[str, Landmark], language: str) -> dict[str, Landmark]:
    """Landmarks by id, with names of themselves, their cities and countries in a language."""
    return {key: localized(landmark, language) for key, landmark in landmarks.items()}


def hits_in(hits: Iterable[Any], landmarks: Mapping[str, Landmark], language: str) -> Iterator[Any]:
    """Hits of any listing with names of landmarks, cities and countries in a language.

    Args:
        hits: dataclasses; those without a landmark stay as they are.
        landmarks: by id.
        language: a code that `tagger.model.languages.language_of` returns.
    """
    named = in_language(landmarks, language)
    for hit in hits:
        landmark = named.get(getattr(hit, "landmark", None) or "")
        names = {"name", "city", "country"} & {field.name for field in fields(hit)}
        yield replace(hit, **{name: getattr(landmark, name) for name in names}) if landmark else hit


def hashtagged(hits: Iterable[Any]) -> Iterator[Any]:
    """Hits of any listing, of which the tags get hashtags of their names."""
    for hit in hits:
        yield _hashtagged(hit) if isinstance(hit, TagHit) else hit


def _hashtagged(hit: TagHit) -> HashtagHit:
    values = {field.name: getattr(hit, field.name) for field in fields(hit)}
    return HashtagHit(**values, hashtags=hashtags(Landmark(hit.landmark, hit.name, city=hit.city)))

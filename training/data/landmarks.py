"""Names and places of the landmarks, from a TOML file with one table for each id.

The one rule: the order of the tables is the order of the network's outputs.

Names in other languages are in the folder `names` beside the file: one file for each language, such as `de.toml`, with
a table of landmarks by id, and one of places by the parts of `city` in English.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from tagger.core.errors import ConfigError
from tagger.model.card import LandmarkClass, Name

NAMES = "names"  # the folder
LATIN = frozenset(("de", "es", "fr", "id", "it", "pt"))  # languages that spell most places as English does
UNREACHABLE = 1.0  # the threshold until calibration chooses one: no score is a tag

Text = Annotated[Name, Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class NamesFile:
    """The names in one language.

    Args:
        landmarks: by id.
        places: cities and regions, by their English names.
    """

    landmarks: Mapping[str, Text] = field(default_factory=dict)
    places: Mapping[str, Text] = field(default_factory=dict)


def load_landmarks(path: Path) -> tuple[LandmarkClass, ...]:
    """Read the landmarks with their names in all languages, and with thresholds that no score reaches.

    Raises:
        ConfigError: the file cannot be read, or a landmark's description is invalid; names the landmark and the field.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        landmarks = [{"id": key, "threshold": UNREACHABLE} | table for key, table in tables.items()]
        classes = TypeAdapter(tuple[LandmarkClass, ...]).validate_python(landmarks)
    except ValidationError as error:
        raise ConfigError(f"{path}: {_problem(error, list(tables))}") from error
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"The landmarks {path} cannot be read: {error}") from error
    languages = {file.stem: _load_names(file) for file in sorted((path.parent / NAMES).glob("*.toml"))}
    return tuple(_in_languages(entry, languages) for entry in classes)


def _load_names(path: Path) -> NamesFile:
    try:
        return TypeAdapter(NamesFile).validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ConfigError(f"The names {path} cannot be read: {error}") from error


def _in_languages(entry: LandmarkClass, languages: Mapping[str, NamesFile]) -> LandmarkClass:
    names = {code: file.landmarks[entry.id] for code, file in languages.items() if entry.id in file.landmarks}
    cities = {code: city for code, file in languages.items() if (city := _city(entry.city, file.places, code))}
    return replace(entry, names=names | dict(entry.names), cities=cities | dict(entry.cities))


def _city(city: str | None, places: Mapping[str, str], language: str) -> str | None:
    """A city such as "Agra, Uttar Pradesh" in a language; None if that is unknown, or the same as in English."""
    if not city or city in places:
        return places.get(city or "")
    parts = city.split(", ")
    if language in LATIN:
        names = [places.get(part, part) for part in parts]
        return ", ".join(names) if names != parts else None
    return ", ".join(places[part] for part in parts if part in places) if parts[0] in places else None


def _problem(error: ValidationError, ids: Sequence[str]) -> str:
    """The first error, such as ``landmark 'big_ben': lat: Input should be less than or equal to 90``."""
    first = error.errors()[0]
    index, *fields = first["loc"]
    place = ": ".join([f"landmark {ids[int(index)]!r}", *map(str, fields)])
    return f"{place} is missing" if first["type"] == "missing" else f"{place}: {first['msg']}"

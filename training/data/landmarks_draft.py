"""A first `landmarks.toml` for a user's own photos.

It is complete: you may fill in places that our landmark files do not have, but training does not need them.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path

from training.data.landmarks import load_landmarks

FOLDER = Path(__file__).parents[1]
SOURCES = (FOLDER / "course_landmarks.toml", FOLDER / "landmarks.toml")  # the second outranks the first

HEAD = """\
# Names and places of the landmarks. The order of the tables is the order of the network's outputs.
# A landmark needs a name. You may leave out country, city, aliases, wikidata, lat and lon (WGS 84 degrees), but without
# lat and lon the landmark is on no map, and a photo's coordinates say nothing about it.
"""
GAP = """\
# country = ""
# city = ""
# lat = 0.0
# lon = 0.0
"""


def write_draft(path: Path, names: Mapping[str, str]) -> list[str]:
    """Write the file; one that exists only gets the landmarks that it lacks, at its end.

    Args:
        names: of the landmarks, by id.

    Returns:
        The new landmarks whose places may be filled in.

    Raises:
        ConfigError: the existing file is invalid.
    """
    described = {landmark.id for landmark in load_landmarks(path)} if path.exists() else set()
    places = {key: table for file in SOURCES for key, table in _tables(file).items()}
    new = sorted(names.keys() - described)
    head = path.read_text(encoding="utf-8").rstrip("\n") + "\n" if described else HEAD
    path.write_text("\n".join([head, *(_table(key, names[key], places.get(key)) for key in new)]), encoding="utf-8")
    return [key for key in new if key not in places]


def _tables(file: Path) -> dict[str, dict[str, object]]:
    """The tables of our landmarks, with the names in other languages that are in files of their own."""
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    for entry in load_landmarks(file):
        names = {"names": entry.names, "cities": entry.cities}
        tables[entry.id] |= {key: value for key, value in names.items() if value}
    return tables


def _table(key: str, name: str, values: Mapping[str, object] | None) -> str:
    if values is None:
        return f"[{key}]\nname = {json.dumps(name, ensure_ascii=False)}\n{GAP}"
    return "\n".join([f"[{key}]", *(f"{name} = {_value(value)}" for name, value in values.items()), ""])


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)

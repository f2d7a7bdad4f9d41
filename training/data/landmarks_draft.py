"""A first `landmarks.toml` for a user's own photos.

It is complete: places that our landmark files do not have may be filled in, but training does not need them.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

FOLDER = Path(__file__).parents[1]
SOURCES = (FOLDER / "course_landmarks.toml", FOLDER / "landmarks.toml")  # the second outranks the first

HEAD = """\
# Names and places of the landmarks. The order of the tables is the order of the network's outputs.
# A landmark needs a name. country, city, aliases, wikidata, lat and lon (WGS 84 degrees) may be left out, but without
# lat and lon the landmark is on no map, and the coordinates of a photo say nothing about it.
"""
GAP = """\
# country = ""
# city = ""
# lat = 0.0
# lon = 0.0
"""


def write_draft(path: Path, ids: Iterable[str]) -> list[str]:
    """Write the file, unless it exists.

    Returns:
        The landmarks whose places may be filled in.
    """
    if path.exists():
        return []
    tables = {key: table for file in SOURCES for key, table in tomllib.loads(file.read_text(encoding="utf-8")).items()}
    ids = sorted(ids)
    path.write_text("\n".join([HEAD, *(_table(key, tables.get(key)) for key in ids)]), encoding="utf-8")
    return [key for key in ids if key not in tables]


def _table(key: str, values: Mapping[str, object] | None) -> str:
    if values is None:
        return f"[{key}]\nname = {json.dumps(key.replace('_', ' ').title())}\n{GAP}"
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    return "\n".join([f"[{key}]", *lines, ""])

"""A first `landmarks.toml` for somebody's own photos.

No place is guessed. What the landmark files here do not describe stays a gap, which `load_landmarks`
reports.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

HERE = Path(__file__).parents[1]
KNOWN = (HERE / "course_landmarks.toml", HERE / "landmarks.toml")  # the second outranks the first

HEAD = """\
# Names and places of the landmarks. The order of the tables is the order of the network's outputs.
# lat and lon are WGS 84 degrees. aliases, city and wikidata may be left out.
"""
GAP = """\
# Fill in country, lat and lon, and take the marks away.
# country = ""
# city = ""
# lat = 0.0
# lon = 0.0
"""


def write_draft(path: Path, ids: Iterable[str]) -> list[str]:
    """Write the file, unless it exists.

    Returns:
        The landmarks whose places somebody has to fill in.
    """
    if path.exists():
        return []
    known = {key: table for file in KNOWN for key, table in tomllib.loads(file.read_text(encoding="utf-8")).items()}
    ids = sorted(ids)
    path.write_text("\n".join([HEAD, *(_table(key, known.get(key)) for key in ids)]), encoding="utf-8")
    return [key for key in ids if key not in known]


def _table(key: str, values: Mapping[str, object] | None) -> str:
    if values is None:
        return f"[{key}]\nname = {json.dumps(key.replace('_', ' ').title())}\n{GAP}"
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    return "\n".join([f"[{key}]", *lines, ""])

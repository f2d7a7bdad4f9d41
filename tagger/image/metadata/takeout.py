"""Read the .json that Google Takeout puts beside a photo.

The one rule: it is found by the photo's name, in all the ways in which Takeout has cut and changed names, and counts
only if it says what Google's files say.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from tagger.core.types import Position, TakenDate
from tagger.image.metadata.dates import dated, local_moment
from tagger.image.metadata.positions import position

MAX_BYTES = 1 << 20
MAX_CHARACTERS = 46  # of the name before .json; longer ones are cut
SUPPLEMENT = ".supplemental-metadata"  # since 2024, and cut too
NUMBERED = re.compile(r"(.+)(\([0-9]+\))", re.DOTALL)  # IMG(1).jpg has IMG.jpg(1).json
EDITED = re.compile(  # an edited copy has its original's .json; the word is in the account's language
    "(.+)-(?:edited|effects|smile|mix|bearbeitet|bewerkt|editado|ha editado|editat|edytowane|modificato|modifié"
    "|編集済み)",
    re.DOTALL,
)
EPOCH = datetime(1970, 1, 1)


class Takeout(NamedTuple):
    """What Google says about a photo."""

    date: TakenDate | None = None
    position: Position | None = None


def read_takeout(path: str) -> Takeout:
    """What the .json beside a photo says; nothing if there is none."""
    folder, name = os.path.split(path)
    try:
        names = _json_names(folder, os.stat(folder or ".").st_mtime_ns)
        found = next((sidecar for sidecar in sidecar_names(name) if sidecar in names), None) if names else None
        return _parse(os.path.join(folder, found)) if found else Takeout()
    except (OSError, ValueError, RecursionError):  # ValueError: no JSON
        return Takeout()


def sidecar_names(name: str) -> Iterator[str]:
    """The names that the .json of a photo may have, the likeliest first.

    Source:
        Exports from 2018 to 2025, as the makers of immich-go and of the Google Photos Takeout Helper describe them.
    """
    stem, suffix = os.path.splitext(name)
    titles = [(stem, "")]
    if numbered := NUMBERED.fullmatch(stem):
        titles.append((numbered[1], numbered[2]))
    titles += [(edited[1], number) for title, number in titles if (edited := EDITED.fullmatch(title))]
    for title, number in titles:
        whole = title + suffix + SUPPLEMENT
        shortest = min(len(title + suffix), MAX_CHARACTERS - len(number))
        for length in (len(title + suffix), *range(len(whole), shortest - 1, -1)):
            yield f"{whole[:length]}{number}.json"
        yield f"{title}{number}.json"  # its title has no suffix


@lru_cache(maxsize=8)  # photos come folder by folder
def _json_names(folder: str, _mtime_ns: int) -> frozenset[str]:
    """The .json files in a folder, listed again when it has changed."""
    with os.scandir(folder or ".") as entries:
        return frozenset(entry.name for entry in entries if entry.name.endswith(".json") and entry.is_file())


def _parse(file: str) -> Takeout:
    with open(file, "rb") as opened:
        text = opened.read(MAX_BYTES + 1)
    found = json.loads(text) if len(text) <= MAX_BYTES else None
    if not isinstance(found, dict):
        return Takeout()
    # geoData is what the person sees in Google Photos, geoDataExif what the file said; 0/0 is none.
    place = _position(found.get("geoData")) or _position(found.get("geoDataExif"))
    return Takeout(_date(found.get("photoTakenTime")), place)


def _date(taken: Any) -> TakenDate | None:
    try:
        seconds = int(taken["timestamp"])
        return dated(local_moment(EPOCH + timedelta(seconds=seconds)), "takeout") if seconds else None
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _position(place: Any) -> Position | None:
    if not isinstance(place, dict):
        return None
    lat, lon = place.get("latitude"), place.get("longitude")
    if not isinstance(lat, int | float) or not isinstance(lon, int | float):
        return None
    return position(float(lat), float(lon))

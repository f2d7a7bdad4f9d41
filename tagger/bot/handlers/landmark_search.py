"""Which landmark somebody means who types a name.

The one rule: only a name that is called exactly so is taken at its word; anything else is offered as a choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher

from db.read.catalog import plain
from db.rows import LandmarkRow

MOST = 5
LIKE_ENOUGH = 0.6


def exact(text: str, landmarks: Mapping[int, LandmarkRow]) -> int | None:
    """The landmark called so, by name, key or alias; a name outranks another's alias."""
    wanted = plain(text)
    if not wanted:
        return None
    for names in (lambda row: (row.key, row.name), lambda row: row.aliases):
        for number, landmark in landmarks.items():
            if wanted in map(plain, names(landmark)):
                return number
    return None


def nearest(text: str, landmarks: Mapping[int, LandmarkRow]) -> list[int]:
    """The landmarks that may be meant, best first, at most `MOST`: a part of a name counts as much as a typo."""
    wanted = plain(text)
    if not wanted:
        return []
    scores = {number: max(_likeness(wanted, plain(name)) for name in _names(row)) for number, row in landmarks.items()}
    likely = sorted((number for number in scores if scores[number] >= LIKE_ENOUGH), key=lambda n: (-scores[n], n))
    return likely[:MOST]


def _names(landmark: LandmarkRow) -> tuple[str, ...]:
    return (landmark.name, *landmark.aliases, *(landmark.city or "").split(","))


def _likeness(wanted: str, name: str) -> float:
    if not name:
        return 0.0
    if len(wanted) >= 3 and wanted in name:
        return 0.9 + 0.1 * len(wanted) / len(name)
    return SequenceMatcher(None, wanted, name).ratio()

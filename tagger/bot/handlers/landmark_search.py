"""Which landmark somebody means who types a name.

The one rule: only a name that is called exactly so is taken at its word; anything else is offered as a choice.
"""

from __future__ import annotations

from collections.abc import Mapping

from db.rows import LandmarkRow
from tagger.core.text import nearest as nearest_names
from tagger.core.text import plain

MOST = 5


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
    return nearest_names(text, {number: _names(landmarks[number]) for number in sorted(landmarks)}, limit=MOST)


def _names(landmark: LandmarkRow) -> tuple[str, ...]:
    return (landmark.name, *landmark.aliases, *(landmark.city or "").split(","))

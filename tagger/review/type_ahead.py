"""Landmarks while a name is being typed, in any language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from tagger.core.landmark_names import find, names_of, nearest
from tagger.core.text import plain
from tagger.core.types import Landmark


def matches(text: str, landmarks: Mapping[str, Landmark], *, limit: int) -> list[Landmark]:
    """The landmarks that a text may become the name of: those with a word that begins like it, then similar ones.

    Args:
        text: what was typed so far.
        landmarks: by id, in the order of those that match equally well.
        limit: the most results.
    """
    typed = plain(text)
    if not typed:
        return list(landmarks.values())[:limit]
    exact = find(text, landmarks)
    begun = [id for id, landmark in landmarks.items() if any(start.startswith(typed) for start in _starts(landmark))]
    found = dict.fromkeys([*([exact] if exact else []), *begun, *nearest(text, landmarks, limit=limit)])
    return [landmarks[id] for id in found][:limit]


@lru_cache(maxsize=10_000)
def _starts(landmark: Landmark) -> frozenset[str]:
    """All names, each from its first word on, from its second word on, and so on; as `plain` writes them."""
    words = [name.replace("_", " ").split() for name in names_of(landmark)]
    return frozenset(plain(" ".join(name[start:])) for name in words for start in range(len(name)))

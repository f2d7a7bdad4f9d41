"""Several photos of one occasion as one answer: which landmarks they show together.

The one rule: a photo that is sure speaks for itself, so an album may show several landmarks. Photos that are unsure
only add up where they agree on the same best guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tagger.core.types import Answer, Landmark, Suggestion


@dataclass(frozen=True, slots=True)
class AlbumLandmark:
    """A landmark on an album.

    Args:
        photos: indices of the photos that show it, or whose best guess it is.
        is_tag: it is said, not only guessed.
    """

    landmark: Landmark
    score: float
    photos: tuple[int, ...]
    is_tag: bool


def fuse(answers: Sequence[Answer], thresholds: dict[str, float]) -> list[AlbumLandmark]:
    """What an album shows.

    Args:
        answers: of each photo; failed ones take no part. One answer is itself.
        thresholds: the smallest score at which a landmark is a tag, by landmark.

    Returns:
        Each landmark once: tags first, then by score. A landmark's score is the best photo's, or, of photos that
        agree on it as their best guess, the chance that at least one of them is right (which takes the photos for
        independent views, so it counts only where each of them ranks it first).
    """
    found: dict[str, list[tuple[int, Suggestion]]] = {}
    for index, answer in enumerate(answers):
        for suggestion in answer.suggestions:
            found.setdefault(suggestion.landmark.id, []).append((index, suggestion))
    said = {suggestion.landmark.id for answer in answers for suggestion in answer.suggestions if suggestion.is_tag}
    places = [_place(every, key in said, thresholds.get(key, 1.0)) for key, every in found.items()]
    return sorted(places, key=lambda place: (not place.is_tag, -place.score))


def _place(every: list[tuple[int, Suggestion]], is_said: bool, threshold: float) -> AlbumLandmark:
    first = [(index, suggestion) for index, suggestion in every if suggestion.rank == 1]
    wrong = 1.0
    for _, suggestion in first:
        wrong *= 1 - suggestion.score
    score = round(max(max(suggestion.score for _, suggestion in every), 1 - wrong if len(first) > 1 else 0.0), 6)
    is_tag = is_said or (len(first) > 1 and score >= threshold)
    photos = tuple(index for index, suggestion in every if suggestion.rank == 1 or suggestion.is_tag)
    return AlbumLandmark(every[0][1].landmark, score, photos, is_tag)

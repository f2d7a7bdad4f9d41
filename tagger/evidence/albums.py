"""Combine the answers to an album's photos into one.

The one rule: a sure photo counts alone, so an album may show several landmarks. Unsure photos only add up if they agree
on the best guess.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tagger.core.types import Answer, Landmark, Suggestion


@dataclass(frozen=True, slots=True)
class AlbumLandmark:
    """A landmark that an album shows, or may show.

    Args:
        photos: indices of the photos that show it, or that have it as their best guess.
        is_tag: whether the album shows it; else it is a guess.
    """

    landmark: Landmark
    score: float
    photos: tuple[int, ...]
    is_tag: bool


def fuse(answers: Sequence[Answer], thresholds: dict[str, float]) -> list[AlbumLandmark]:
    """Combine the answers to an album's photos.

    Args:
        answers: of each photo; failed ones are ignored. A single answer is unchanged.
        thresholds: the smallest score at which a landmark is a tag, by landmark.

    Returns:
        Each landmark once: tags first, then by score. A landmark's score is that of its best photo, or, of photos that
        agree on it as their best guess, the probability that at least one is right. That assumes independent views, so
        it counts only photos that rank it first.
    """
    suggestions: dict[str, list[tuple[int, Suggestion]]] = {}
    for index, answer in enumerate(answers):
        for suggestion in answer.suggestions:
            suggestions.setdefault(suggestion.landmark.id, []).append((index, suggestion))
    landmarks = [_album_landmark(own, thresholds.get(id, 1.0)) for id, own in suggestions.items()]
    return sorted(landmarks, key=lambda landmark: (not landmark.is_tag, -landmark.score))


def _album_landmark(suggestions: list[tuple[int, Suggestion]], threshold: float) -> AlbumLandmark:
    """Combine all suggestions of a landmark, each with the index of its photo."""
    best_guesses = [suggestion.score for _, suggestion in suggestions if suggestion.rank == 1]
    score = max(suggestion.score for _, suggestion in suggestions)
    if len(best_guesses) > 1:
        score = max(score, 1 - math.prod(1 - guess for guess in best_guesses))
    score = round(score, 6)
    is_tag = any(suggestion.is_tag for _, suggestion in suggestions) or (len(best_guesses) > 1 and score >= threshold)
    photos = tuple(index for index, suggestion in suggestions if suggestion.rank == 1 or suggestion.is_tag)
    return AlbumLandmark(suggestions[0][1].landmark, score, photos, is_tag)

"""A photo's own coordinates as evidence for what it shows.

The one rule: coordinates may raise a suggestion, and may be said to contradict one, but the model's own score is kept
beside what they made of it. They say where the camera stood, which is near what it saw, or far from a copy's subject.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from tagger.types import Answer, Failed, NoLandmark, Suggestion, Tagged

EARTH_KM = 6371.0
NEAR_KM = 5.0  # from which a large landmark is still photographed
FAR_KM = 50.0  # from which none is
NEAR_ODDS = 10.0  # how much likelier a photo from nearby shows the landmark than one that the model scores alike
HIGHEST = 0.999


@dataclass(frozen=True, slots=True)
class Position:
    """Degrees, WGS 84."""

    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a landmark stands where it does.

    Args:
        kind: "near" raised its score; "far" contradicts it, though it stays the best.
        km: from the photo to the landmark.
    """

    kind: Literal["near", "far"]
    landmark: str
    km: float


@dataclass(frozen=True, slots=True)
class Weighed:
    """An answer after the evidence.

    Args:
        raw: the model's own scores by landmark.
    """

    answer: Answer
    raw: dict[str, float]
    reasons: tuple[Reason, ...] = ()


def distance_km(one: Position, other: Position) -> float:
    """Along the surface.

    Source:
        The haversine formula on a sphere; off by 0.5 % at most, which is nothing here.
    """
    lat_1, lat_2 = math.radians(one.lat), math.radians(other.lat)
    half_lat, half_lon = (lat_2 - lat_1) / 2, math.radians(other.lon - one.lon) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(lat_1) * math.cos(lat_2) * math.sin(half_lon) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, chord)))


def weigh(answer: Answer, position: Position | None, thresholds: dict[str, float]) -> Weighed:
    """What an answer becomes by where the photo was taken.

    Args:
        thresholds: the smallest score at which a landmark is a tag, by landmark.

    Returns:
        Suggestions within `NEAR_KM` are raised and sorted in; the order of the others stays. The best one is said to
        be contradicted where it lies beyond `FAR_KM`, and only if it is a tag: a guess needs no contradiction.
    """
    raw = {suggestion.landmark.id: suggestion.score for suggestion in answer.suggestions}
    if position is None or isinstance(answer, Failed) or not answer.suggestions:
        return Weighed(answer, raw)
    km = {s.landmark.id: distance_km(position, Position(s.landmark.lat, s.landmark.lon)) for s in answer.suggestions}
    raised = [replace(s, score=_raised(s.score)) if km[s.landmark.id] <= NEAR_KM else s for s in answer.suggestions]
    weighed = _ranked(raised, thresholds)
    reasons = [Reason("near", s.landmark.id, km[s.landmark.id]) for s in weighed.suggestions[:1] if _near(s, km)]
    if isinstance(weighed, Tagged) and km[weighed.suggestions[0].landmark.id] > FAR_KM:
        best = weighed.suggestions[0].landmark.id
        reasons.append(Reason("far", best, km[best]))
    return Weighed(weighed, raw, tuple(reasons))


def _near(suggestion: Suggestion, km: dict[str, float]) -> bool:
    return km[suggestion.landmark.id] <= NEAR_KM


def _raised(score: float) -> float:
    """Bayes' rule with odds: the evidence multiplies them."""
    odds = NEAR_ODDS * score / max(1 - score, 1e-9)
    return round(min(max(odds / (1 + odds), score), max(HIGHEST, score)), 6)


def _ranked(suggestions: list[Suggestion], thresholds: dict[str, float]) -> Tagged | NoLandmark:
    best_first = sorted(suggestions, key=lambda suggestion: -suggestion.score)
    is_tagged = best_first[0].score >= thresholds.get(best_first[0].landmark.id, 1.0)
    ranked = tuple(
        replace(s, rank=rank, is_tag=is_tagged and s.score >= thresholds.get(s.landmark.id, 1.0))
        for rank, s in enumerate(best_first, start=1)
    )
    return Tagged(ranked) if is_tagged else NoLandmark(ranked)

"""A photo's own coordinates as evidence for what it shows.

The one rule: the model's own score is kept, so applying coordinates again changes nothing. They are the camera's: near
its subject, or far from the original of a replica.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from tagger.core.distance import distance_km
from tagger.core.evidence import GpsEvidence
from tagger.core.types import Answer, Landmark, Look, NoLandmark, Position, Suggestion, Tagged

NEAR_KM = 5.0  # large landmarks are still photographed from here
FAR_KM = 50.0  # none is photographed from farther away
NEAR_ODDS = 5.0  # with more, other sights beside a landmark that they resemble are tagged more often than without
FAR_ODDS = 0.05  # 0.8 is no longer a tag, 0.99 still is
FAR_BESIDE_NEAR_ODDS = 0.01  # a far one while another suggestion is near: with less, copies lose tags for no gain
HIGHEST = 0.999
GPS_CANDIDATES = 10  # suggestions to weigh: lower ones score at most 1/11, raised to 1/3


class GpsOdds(NamedTuple):
    """What a landmark's odds are multiplied by.

    Attributes:
        near: if the photo was taken within `NEAR_KM`.
        far: if it was taken beyond `FAR_KM`.
        far_beside_near: if it was taken beyond `FAR_KM`, but within `NEAR_KM` of another suggestion.

    Source:
        `python -m benchmarks gps`, on validation photos at synthetic positions.
    """

    near: float = NEAR_ODDS
    far: float = FAR_ODDS
    far_beside_near: float = FAR_BESIDE_NEAR_ODDS


ODDS = GpsOdds()


def apply_gps_prior(
    answer: Answer, position: Position | None, thresholds: Mapping[str, float], odds: GpsOdds = ODDS
) -> Answer:
    """Weigh an answer by its photo's coordinates.

    Args:
        answer: from the model; ask it for at least `GPS_CANDIDATES` suggestions.
        position: None leaves the answer unchanged.
        thresholds: the smallest score at which a landmark is a tag, by landmark.
        odds: how much coordinates count.

    Returns:
        Suggestions within `NEAR_KM` are raised and those beyond `FAR_KM` lowered, more so if another suggestion is
        near, each with its evidence; ranks and tags follow the new scores. Landmarks without coordinates keep the
        model's score.
    """
    if position is None or not isinstance(answer, Tagged | NoLandmark) or not answer.suggestions:
        return answer
    distances = [_km_to(suggestion.landmark, position) for suggestion in answer.suggestions]
    if any(km is not None and km <= NEAR_KM for km in distances):
        odds = odds._replace(far=odds.far_beside_near)
    pairs = zip(answer.suggestions, distances, strict=True)
    weighed = [_weighed(suggestion, km, odds) for suggestion, km in pairs]
    return replace(_ranked(weighed, thresholds, answer.look), embedded=answer.embedded)


def is_near_any(position: Position, places: Iterable[Position]) -> bool:
    """Whether one of the places is within `NEAR_KM`."""
    return any(distance_km(position, place) <= NEAR_KM for place in places)


def decisive_evidence(answer: Answer, thresholds: Mapping[str, float]) -> GpsEvidence | None:
    """The coordinates' evidence to show: for the best landmark, or against what the picture shows.

    Evidence against a landmark that is not a tag by the picture alone is not shown.
    """
    for suggestion in answer.suggestions:
        evidence, landmark = suggestion.evidence, suggestion.landmark.id
        if not isinstance(evidence, GpsEvidence):
            continue
        if suggestion.rank == 1 if evidence.kind == "near" else suggestion.seen >= thresholds.get(landmark, 1.0):
            return evidence
    return None


def without_place(answer: Answer, thresholds: Mapping[str, float]) -> Answer:
    """Keep only the decisive evidence of coordinates, to 0.1 km: several exact distances would reveal the place."""
    if not isinstance(answer, Tagged | NoLandmark):
        return answer
    decisive = decisive_evidence(answer, thresholds)
    rounded = replace(decisive, km=round(decisive.km, 1)) if decisive else None
    kept = (replace(s, evidence=rounded if s.evidence == decisive else None) for s in answer.suggestions)
    return replace(answer, suggestions=tuple(kept))


def update_odds(score: float, factor: float) -> float:
    """Update a score by Bayes' rule: evidence multiplies its odds.

    Args:
        factor: above 1 for, below 1 against.

    Returns:
        Six decimals; at most `HIGHEST`, unless the score was higher.
    """
    odds = factor * score / max(1 - score, 1e-9)
    updated = round(odds / (1 + odds), 6)
    return max(score, min(updated, HIGHEST)) if factor > 1 else updated


def _km_to(landmark: Landmark, position: Position) -> float | None:
    return round(distance_km(position, landmark.position), 3) if landmark.position else None


def _weighed(suggestion: Suggestion, km: float | None, odds: GpsOdds) -> Suggestion:
    seen = suggestion.seen
    if km is None or NEAR_KM < km <= FAR_KM:
        return replace(suggestion, score=seen, visual_score=None, evidence=None)
    is_near = km <= NEAR_KM
    evidence = GpsEvidence("near" if is_near else "far", suggestion.landmark.id, km)
    score = update_odds(seen, odds.near if is_near else odds.far)
    return replace(suggestion, score=score, visual_score=seen, evidence=evidence)


def _ranked(suggestions: list[Suggestion], thresholds: Mapping[str, float], look: Look) -> Tagged | NoLandmark:
    best_first = sorted(suggestions, key=lambda suggestion: -suggestion.score)
    is_tagged = best_first[0].score >= thresholds.get(best_first[0].landmark.id, 1.0)
    ranked = tuple(
        replace(s, rank=rank, is_tag=is_tagged and s.score >= thresholds.get(s.landmark.id, 1.0))
        for rank, s in enumerate(best_first, start=1)
    )
    return Tagged(ranked, look) if is_tagged else NoLandmark(ranked, look)

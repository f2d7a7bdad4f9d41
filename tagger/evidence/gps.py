"""A photo's own coordinates as evidence for what it shows.

The one rule: the model's own score is kept beside what the coordinates made of it, and weighing twice is weighing
once. They say where the camera stood, which is near what it saw, or far from a copy's subject.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from tagger.core.evidence import GpsEvidence
from tagger.core.types import Answer, Failed, NoLandmark, Position, Result, Suggestion, Tagged

EARTH_KM = 6371.0
NEAR_KM = 5.0  # from which a large landmark is still photographed
FAR_KM = 50.0  # from which none is
NEAR_ODDS = 10.0  # how much likelier a photo from nearby shows the landmark than one that the model scores alike
FAR_ODDS = 0.1  # and how much less likely one from afar: 0.8 is no tag any more, 0.99 still is
HIGHEST = 0.999
GPS_CANDIDATES = (
    10  # suggestions to weigh where fewer are asked for: what ranks lower has 1/11 at most, and is raised to 1/2
)


@dataclass(frozen=True, slots=True)
class Weighed:
    """An answer after the evidence.

    Args:
        raw: the model's own scores by landmark.
    """

    answer: Answer
    raw: dict[str, float]
    reasons: tuple[GpsEvidence, ...] = ()


def distance_km(one: Position, other: Position) -> float:
    """Along the surface.

    Source:
        The haversine formula on a sphere; off by 0.5 % at most, which is nothing here.
    """
    lat_1, lat_2 = math.radians(one.lat), math.radians(other.lat)
    half_lat, half_lon = (lat_2 - lat_1) / 2, math.radians(other.lon - one.lon) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(lat_1) * math.cos(lat_2) * math.sin(half_lon) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, chord)))


def apply_gps_prior(
    answer: Answer, position: Position | None, thresholds: dict[str, float], *, lowers: bool = False
) -> Weighed:
    """What an answer becomes by where the photo was taken.

    Args:
        thresholds: the smallest score at which a landmark is a tag, by landmark.
        lowers: whether a landmark beyond `FAR_KM` loses score, as it should where nobody reads the reason at once.

    Returns:
        Suggestions within `NEAR_KM` are raised, sorted in, and say so; those beyond `FAR_KM` say so. `reasons` are the
        best one's, and it is said to be contradicted only if it is a tag: a guess needs no contradiction.
    """
    raw = {suggestion.landmark.id: suggestion.seen for suggestion in answer.suggestions}
    if position is None or isinstance(answer, Failed) or not answer.suggestions:
        return Weighed(answer, raw)
    weighed = _ranked([_placed(each, position, lowers) for each in answer.suggestions], thresholds)
    best = weighed.suggestions[0].evidence
    is_told = isinstance(best, GpsEvidence) and (best.kind == "near" or isinstance(weighed, Tagged))
    return Weighed(weighed, raw, (best,) if isinstance(best, GpsEvidence) and is_told else ())


def weighed(result: Result, thresholds: dict[str, float], k: int) -> Result:
    """A photo's result after its own coordinates were heard, with the k best suggestions.

    What comes without `info` was recalled, so it was weighed when it was first said.
    """
    info, answer = result.info, result.answer
    if info is not None and info.lat is not None and info.lon is not None:
        answer = apply_gps_prior(answer, Position(info.lat, info.lon), thresholds, lowers=True).answer
    if not isinstance(answer, Tagged | NoLandmark):
        return result
    return replace(result, answer=replace(answer, suggestions=answer.suggestions[:k]))


def update_odds(score: float, factor: float) -> float:
    """A score after evidence, by Bayes' rule: it multiplies the odds.

    Args:
        factor: above 1 for, below 1 against.

    Returns:
        Six decimals; evidence alone raises no score above `HIGHEST`.
    """
    odds = factor * score / max(1 - score, 1e-9)
    changed = round(odds / (1 + odds), 6)
    return max(score, min(changed, HIGHEST)) if factor > 1 else changed


def _placed(suggestion: Suggestion, position: Position, lowers: bool) -> Suggestion:
    landmark, seen = suggestion.landmark, suggestion.seen
    km = round(distance_km(position, Position(landmark.lat, landmark.lon)), 3)
    if km <= NEAR_KM:
        return replace(
            suggestion,
            score=update_odds(seen, NEAR_ODDS),
            visual_score=seen,
            evidence=GpsEvidence("near", landmark.id, km),
        )
    if km <= FAR_KM:
        return replace(suggestion, score=seen, visual_score=None, evidence=None)
    score, visual = (update_odds(seen, FAR_ODDS), seen) if lowers else (seen, None)
    return replace(suggestion, score=score, visual_score=visual, evidence=GpsEvidence("far", landmark.id, km))


def _ranked(suggestions: list[Suggestion], thresholds: dict[str, float]) -> Tagged | NoLandmark:
    best_first = sorted(suggestions, key=lambda suggestion: -suggestion.score)
    is_tagged = best_first[0].score >= thresholds.get(best_first[0].landmark.id, 1.0)
    ranked = tuple(
        replace(s, rank=rank, is_tag=is_tagged and s.score >= thresholds.get(s.landmark.id, 1.0))
        for rank, s in enumerate(best_first, start=1)
    )
    return Tagged(ranked) if is_tagged else NoLandmark(ranked)

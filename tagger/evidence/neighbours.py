"""Votes: sure photos before and after an unsure one that show the same landmark.

The one rule: a vote multiplies the odds of the picture's own best suggestion. It never adds a landmark and never
contradicts coordinates.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from tagger.core.evidence import Evidence, GpsEvidence, NeighbourVote
from tagger.evidence.gps import NEAR_ODDS, update_odds

VOTE_ODDS = 10.0  # makes 0.53 of 0.1


class Observation(NamedTuple):
    """A file before any vote.

    Attributes:
        photo: its content's row id; the same content may be in several folders.
        landmark: the picture's best suggestion.
        score: of that suggestion.
        is_sure: it is a tag, and its coordinates do not contradict it.
        is_unsure: it is not a tag, and its coordinates do not contradict it.
        km: from where it was taken to the landmark, if that is near.
    """

    path: str
    photo: int
    taken_at: datetime
    landmark: str
    score: float
    is_sure: bool
    is_unsure: bool
    km: float | None


class VoteResult(NamedTuple):
    """A successful vote, and the new score of the photo's best suggestion."""

    score: float
    vote: NeighbourVote


def from_suggestion(
    path: str,
    photo: int,
    taken_at: datetime,
    landmark: str,
    *,
    visual_score: float,
    score: float,
    is_tag: bool,
    evidence: Evidence | None,
) -> Observation:
    """The observation of a stored suggestion before any vote.

    Args:
        visual_score: the model's own.
        evidence: that changed the score.
    """
    if isinstance(evidence, NeighbourVote):
        before = visual_score if evidence.km is None else update_odds(visual_score, NEAR_ODDS)
        return Observation(path, photo, taken_at, landmark, before, False, True, evidence.km)
    is_far = isinstance(evidence, GpsEvidence) and evidence.kind == "far"
    km = evidence.km if isinstance(evidence, GpsEvidence) and not is_far else None
    return Observation(path, photo, taken_at, landmark, score, is_tag and not is_far, not is_tag and not is_far, km)


def from_decision(path: str, photo: int, taken_at: datetime, landmark: str) -> Observation:
    """The observation of a decision."""
    return Observation(path, photo, taken_at, landmark, 1.0, is_sure=True, is_unsure=False, km=None)


def elect(observations: Iterable[Observation], thresholds: Mapping[str, float], gap_s: float) -> dict[int, VoteResult]:
    """Let the sure photos of each folder vote on the unsure ones between them.

    Args:
        observations: in any order.
        thresholds: the smallest score at which a landmark is a tag, by landmark.
        gap_s: the most seconds between an unsure photo and each of its two neighbours.

    Returns:
        The votes that result in a tag, by photo.
    """
    folders: dict[str, list[Observation]] = defaultdict(list)
    for observation in observations:
        folders[os.path.dirname(observation.path)].append(observation)
    elected: dict[int, VoteResult] = {}
    for folder in sorted(folders):
        in_order = sorted(folders[folder], key=lambda observation: (observation.taken_at, observation.path))
        for unsure, vote in _votes(in_order, gap_s):
            score = update_odds(unsure.score, VOTE_ODDS)
            if score >= thresholds.get(unsure.landmark, 1.0):
                elected.setdefault(unsure.photo, VoteResult(score, vote))
    return elected


def _votes(in_order: Sequence[Observation], gap_s: float) -> Iterator[tuple[Observation, NeighbourVote]]:
    """Unsure photos whose sure neighbours on both sides agree with them."""
    before, after = _last_sure(in_order), _last_sure(in_order[::-1])[::-1]
    for unsure, earlier, later in zip(in_order, before, after, strict=True):
        if not unsure.is_unsure or earlier is None or later is None:
            continue
        before_s = (unsure.taken_at - earlier.taken_at).total_seconds()
        after_s = (later.taken_at - unsure.taken_at).total_seconds()
        if earlier.landmark == unsure.landmark == later.landmark and max(before_s, after_s) <= gap_s:
            yield unsure, NeighbourVote(unsure.landmark, round(before_s), round(after_s), unsure.km)


def _last_sure(in_order: Iterable[Observation]) -> list[Observation | None]:
    """For each observation the nearest sure one before it."""
    nearest: list[Observation | None] = []
    last: Observation | None = None
    for observation in in_order:
        nearest.append(last)
        last = observation if observation.is_sure else last
    return nearest

"""Photos of one occasion agree: an unsure photo between two that are sure of the same landmark.

The one rule: a vote multiplies the odds of what the picture itself suggests first. It never brings in a landmark that
the picture does not suggest, and never goes against coordinates.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from tagger.core.evidence import GpsEvidence, NeighbourVote, parse_evidence
from tagger.evidence.gps import NEAR_ODDS, update_odds

VOTE_ODDS = 10.0  # as much as coordinates nearby are worth


class Observation(NamedTuple):
    """A file in a vote.

    Args:
        photo: its content's number; the same content may lie in several folders.
        landmark: what the picture suggests first.
        score: before any vote.
        is_sure: it is a tag without any vote, and its coordinates do not contradict it.
        is_unsure: it is none, and its coordinates do not contradict it either.
        km: to the landmark, where it was taken near it.
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
    score: float
    vote: NeighbourVote


def observation(
    path: str,
    photo: int,
    taken_at: datetime,
    landmark: str,
    *,
    seen: float,
    score: float,
    is_tag: bool,
    reason: str | None,
) -> Observation:
    """A stored suggestion as it was before any vote.

    Args:
        seen: the model's own score.
        reason: JSON.
    """
    why = parse_evidence(reason, landmark)
    if isinstance(why, NeighbourVote):
        before = seen if why.km is None else update_odds(seen, NEAR_ODDS)
        return Observation(path, photo, taken_at, landmark, before, False, True, why.km)
    is_far = isinstance(why, GpsEvidence) and why.kind == "far"
    km = why.km if isinstance(why, GpsEvidence) and not is_far else None
    return Observation(path, photo, taken_at, landmark, score, is_tag and not is_far, not is_tag and not is_far, km)


def from_decision(path: str, photo: int, taken_at: datetime, landmark: str) -> Observation:
    """What a person said that it shows."""
    return Observation(path, photo, taken_at, landmark, 1.0, is_sure=True, is_unsure=False, km=None)


def elect(voices: Iterable[Observation], thresholds: Mapping[str, float], gap_s: float) -> dict[int, VoteResult]:
    """The votes that succeed, by photo.

    Args:
        thresholds: the smallest score at which a landmark is a tag, by landmark.
        gap_s: how far from the unsure photo each of the sure ones may be taken.
    """
    folders: dict[str, list[Observation]] = defaultdict(list)
    for each in voices:
        folders[os.path.dirname(each.path)].append(each)
    elected: dict[int, VoteResult] = {}
    for folder in sorted(folders):
        for candidate, vote in _between(sorted(folders[folder], key=lambda each: (each.taken_at, each.path)), gap_s):
            score = update_odds(candidate.score, VOTE_ODDS)
            if score >= thresholds.get(candidate.landmark, 1.0):
                elected.setdefault(candidate.photo, VoteResult(score, vote))
    return elected


def _between(in_order: Sequence[Observation], gap_s: float) -> Iterator[tuple[Observation, NeighbourVote]]:
    """The unsure photos whose sure neighbours on both sides agree with them."""
    before, after = _last_sure(in_order), _last_sure(in_order[::-1])[::-1]
    for candidate, earlier, later in zip(in_order, before, after, strict=True):
        if not candidate.is_unsure or earlier is None or later is None:
            continue
        before_s = (candidate.taken_at - earlier.taken_at).total_seconds()
        after_s = (later.taken_at - candidate.taken_at).total_seconds()
        if earlier.landmark == candidate.landmark == later.landmark and max(before_s, after_s) <= gap_s:
            yield candidate, NeighbourVote(candidate.landmark, round(before_s), round(after_s), candidate.km)


def _last_sure(voices: Iterable[Observation]) -> list[Observation | None]:
    """For each the nearest sure one before it."""
    found: list[Observation | None] = []
    last: Observation | None = None
    for each in voices:
        found.append(last)
        last = each if each.is_sure else last
    return found

"""Figures of merit: how often answers are right, and whether their scores can be believed.

The one rule: a photo that shows no landmark counts wherever a user would meet it; a suggestion on one is never right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 15
WORST = 10
RESAMPLES = 1000
CHANCES = 200
SEED = 7

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Answers:
    """What was said of some photos, a row each.

    Args:
        ranked: (N, k), the best landmarks, best first.
        score: (N,), how sure the first one is, 0 to 1.
        tagged: (N,), whether it is a tag.
        truth: (N,), the landmark; -1 where there is none.
    """

    ranked: Indices
    score: Floats
    tagged: Flags
    truth: Indices

    @property
    def said(self) -> Indices:
        first: Indices = self.ranked[:, 0]  # (N,)
        return first

    @property
    def right(self) -> Flags:
        return self.among(1)

    @property
    def is_landmark(self) -> Flags:
        return self.truth >= 0

    def among(self, k: int) -> Flags:
        """(N,), whether the truth is one of the k best."""
        found: Flags = (self.ranked[:, :k] == self.truth[:, None]).any(axis=1)
        return found

    def picked(self, rows: Indices) -> Answers:
        """Some of the photos, one of them perhaps several times."""
        return Answers(self.ranked[rows], self.score[rows], self.tagged[rows], self.truth[rows])


def ratio(values: Flags) -> float:
    """How many of them are true, 0 to 1; 0 where there are none."""
    return float(values.mean()) if len(values) else 0.0


def gap(answers: Answers) -> float:
    """Global average precision: all first suggestions in one list, the surest first.

    Negatives are its distractors: a suggestion on one costs all right ones that are less sure.

    Source:
        The recognition metric of the Google Landmark challenges; Weyand et al. 2020, arXiv:2004.01804.
    """
    right = answers.right[np.argsort(-answers.score, kind="stable")]  # (N,)
    precision = right.cumsum() / np.arange(1, len(right) + 1)  # (N,)
    return float(precision[right].sum() / max(1, answers.is_landmark.sum()))


@dataclass(frozen=True, slots=True)
class Bin:
    """Photos whose scores are above `low` and up to `high`: how sure on average, how many right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def reliability(score: Floats, right: Flags) -> list[Bin]:
    """Scores beside what became of them, in 15 equally wide bins; an empty bin has zeros."""
    number, bins = _bin(score), []
    for index in range(BINS):
        inside = number == index
        count, confidence = int(inside.sum()), float(score[inside].mean()) if inside.any() else 0.0
        bins.append(Bin(index / BINS, (index + 1) / BINS, count, confidence, ratio(right[inside])))
    return bins


def calibration_error(bins: list[Bin]) -> float:
    """Expected calibration error: how far scores are from the truth, on average over the photos.

    Source:
        Naeini et al. 2015, as in Guo et al. 2017, arXiv:1706.04599, equation 3.
    """
    photos = sum(one.count for one in bins)
    return sum(one.count * abs(one.accuracy - one.confidence) for one in bins) / max(1, photos)


def error_by_chance(score: Floats) -> float:
    """The calibration error that perfectly honest scores would show on so few photos.

    Each photo is right with the probability that its score says, 200 times.
    """
    numbers, bins = np.random.default_rng(SEED), _bin(score)
    missed = (score - (numbers.random(len(score)) < score) for _ in range(CHANCES))  # (N,) each
    return float(np.mean([np.abs(np.bincount(bins, one, BINS)).sum() for one in missed]) / max(1, len(score)))


def _bin(score: Floats) -> Indices:
    """(N,), the number of the bin that each score is in."""
    return np.clip(np.ceil(score * BINS).astype(np.int64) - 1, 0, BINS - 1)


def auroc(landmarks: Floats, negatives: Floats) -> float:
    """How often a landmark photo scores higher than a negative; a tie counts half, 0.5 is chance."""
    if not len(landmarks) or not len(negatives):
        return 0.5
    ordered = np.sort(negatives)
    below, up_to = (np.searchsorted(ordered, landmarks, side=side) for side in ("left", "right"))  # (N,) each
    return float((below + up_to).mean() / 2 / len(negatives))


def risk_coverage(answers: Answers) -> tuple[Floats, Floats]:
    """What one threshold for all landmarks could do, from the highest to the lowest.

    Returns:
        (M,) share of the landmark photos that are tagged, and (M,) share of all tags, negatives included, that are
        right; photos of one score are tagged together.
    """
    order = np.argsort(-answers.score, kind="stable")
    score, right, landmark = (values[order] for values in (answers.score, answers.right, answers.is_landmark))
    is_last = np.append(score[1:] != score[:-1], True)  # (N,)
    coverage = landmark.cumsum() / max(1, landmark.sum())  # (N,)
    precision = right.cumsum() / np.arange(1, len(right) + 1)  # (N,)
    return coverage[is_last], precision[is_last]


def coverage_at(answers: Answers, precision: float) -> float:
    """The largest share of the landmark photos that can be tagged so that this share of all tags is right."""
    coverage, reached = risk_coverage(answers)
    return float(coverage[reached >= precision].max(initial=0.0))


@dataclass(frozen=True, slots=True)
class Confusion:
    """One landmark taken for another; its photos' rows, the surest mistake first."""

    truth: int
    said: int
    rows: list[int]


def confusions(answers: Answers) -> list[Confusion]:
    """The ten ordered pairs that are confused most often."""
    pairs: dict[tuple[int, int], list[int]] = {}
    for row in np.argsort(-answers.score, kind="stable"):
        if answers.is_landmark[row] and not answers.right[row]:
            pairs.setdefault((int(answers.truth[row]), int(answers.said[row])), []).append(int(row))
    found = [Confusion(truth, said, rows) for (truth, said), rows in pairs.items()]
    return sorted(found, key=lambda pair: (-len(pair.rows), pair.truth, pair.said))[:WORST]


FIGURES: dict[str, Callable[[Answers], float]] = {
    "top1": lambda answers: ratio(answers.right[answers.is_landmark]),
    "top3": lambda answers: ratio(answers.among(3)[answers.is_landmark]),
    "top5": lambda answers: ratio(answers.among(5)[answers.is_landmark]),
    "tagged": lambda answers: ratio(answers.tagged[answers.is_landmark]),
    "rightly_tagged": lambda answers: ratio((answers.tagged & answers.right)[answers.is_landmark]),
    "tags_right": lambda answers: ratio(answers.right[answers.tagged & answers.is_landmark]),
    "negatives_tagged": lambda answers: ratio(answers.tagged[~answers.is_landmark]),
    "gap": gap,
}


def intervals(answers: Answers) -> dict[str, tuple[float, float]]:
    """Between which values 95 % of 1,000 data sets lie, each drawn from these photos with replacement.

    Source:
        Percentile bootstrap; Efron and Tibshirani 1993, chapter 13.
    """
    numbers = np.random.default_rng(SEED)
    drawn = [answers.picked(numbers.integers(0, len(answers.truth), len(answers.truth))) for _ in range(RESAMPLES)]
    return {name: middle([figure(sample) for sample in drawn]) for name, figure in FIGURES.items()}


def middle(values: list[float]) -> tuple[float, float]:
    """The middle 95 % of some values."""
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)

"""How often predictions are right, and how well their scores are calibrated.

Photos that show no landmark count as they would for a user: a suggestion on one is never right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 15
MAX_CONFUSIONS = 10
RESAMPLES = 1000
SIMULATIONS = 200
Z_95 = 1.96  # standard deviations around the mean that hold 95 % of a normal distribution
SEED = 7

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Predictions:
    """What the model says about N photos.

    Args:
        ranked: (N, k), the best landmarks, best first.
        score: (N,), of the first one, 0 to 1.
        tagged: (N,), whether the first one is a tag.
        truth: (N,), the landmark that the photo shows; -1 if none.
    """

    ranked: Indices
    score: Floats
    tagged: Flags
    truth: Indices

    @property
    def first(self) -> Indices:
        """(N,), the first suggestion."""
        first: Indices = self.ranked[:, 0]
        return first

    @property
    def correct(self) -> Flags:
        """(N,), whether the first suggestion is right."""
        return self.in_top(1)

    @property
    def is_landmark(self) -> Flags:
        """(N,), whether the photo shows a landmark."""
        return self.truth >= 0

    def in_top(self, k: int) -> Flags:
        """(N,), whether the truth is one of the k best."""
        found: Flags = (self.ranked[:, :k] == self.truth[:, None]).any(axis=1)
        return found

    def take(self, rows: Indices) -> Predictions:
        """The predictions of these rows, possibly repeated."""
        return Predictions(self.ranked[rows], self.score[rows], self.tagged[rows], self.truth[rows])


def ratio(values: Flags) -> float:
    """The fraction of true values; 0 if there are none."""
    return float(values.mean()) if len(values) else 0.0


def gap(predictions: Predictions) -> float:
    """Global average precision: of all first suggestions in one list, the highest score first.

    Negatives are its distractors: a suggestion on one costs all correct ones with lower scores.

    Source:
        The recognition metric of the Google Landmark challenges; Weyand et al. 2020, arXiv:2004.01804.
    """
    correct = predictions.correct[np.argsort(-predictions.score, kind="stable")]  # (N,)
    precision = correct.cumsum() / np.arange(1, len(correct) + 1)  # (N,)
    return float(precision[correct].sum() / max(1, predictions.is_landmark.sum()))


@dataclass(frozen=True, slots=True)
class Bin:
    """The photos with scores above `low` and up to `high`.

    Args:
        low: lower edge.
        high: upper edge.
        count: photos.
        confidence: their mean score.
        accuracy: the fraction that is correct.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def reliability(score: Floats, correct: Flags) -> list[Bin]:
    """Accuracy by score, in 15 bins of equal width; empty bins have zeros."""
    bin_of, bins = _bin_indices(score), []
    for index in range(BINS):
        inside = bin_of == index  # (N,)
        count, confidence = int(inside.sum()), float(score[inside].mean()) if inside.any() else 0.0
        bins.append(Bin(index / BINS, (index + 1) / BINS, count, confidence, ratio(correct[inside])))
    return bins


def calibration_error(bins: list[Bin]) -> float:
    """Expected calibration error: the mean distance between score and accuracy over the photos.

    Source:
        Naeini et al. 2015, as in Guo et al. 2017, arXiv:1706.04599, equation 3.
    """
    photos = sum(b.count for b in bins)
    return sum(b.count * abs(b.accuracy - b.confidence) for b in bins) / max(1, photos)


def error_by_chance(score: Floats) -> float:
    """The calibration error that perfectly calibrated scores would show on so few photos.

    In each of 200 simulations a photo is correct with the probability that its score states.
    """
    rng, bins = np.random.default_rng(SEED), _bin_indices(score)
    errors = (score - (rng.random(len(score)) < score) for _ in range(SIMULATIONS))  # (N,) each
    return float(np.mean([np.abs(np.bincount(bins, error, BINS)).sum() for error in errors]) / max(1, len(score)))


def _bin_indices(score: Floats) -> Indices:
    """(N,), the bin of each score."""
    return np.clip(np.ceil(score * BINS).astype(np.int64) - 1, 0, BINS - 1)


def auroc(landmarks: Floats, negatives: Floats) -> float:
    """How often a landmark photo scores higher than a negative; a tie counts half, 0.5 is chance."""
    if not len(landmarks) or not len(negatives):
        return 0.5
    ordered = np.sort(negatives)
    below, up_to = (np.searchsorted(ordered, landmarks, side=side) for side in ("left", "right"))  # (N,) each
    return float((below + up_to).mean() / 2 / len(negatives))


def risk_coverage(predictions: Predictions) -> tuple[Floats, Floats]:
    """Coverage and precision of a single threshold for all landmarks, from the highest to the lowest.

    Returns:
        (M,) the fraction of the landmark photos that are tagged, and (M,) the fraction of all tags, negatives included,
        that are correct. Photos with the same score are tagged together.
    """
    order = np.argsort(-predictions.score, kind="stable")
    columns = (predictions.score, predictions.correct, predictions.is_landmark)
    score, correct, landmark = (values[order] for values in columns)  # (N,) each
    is_last = np.append(score[1:] != score[:-1], True)  # (N,), of the photos with the same score
    coverage = landmark.cumsum() / max(1, landmark.sum())  # (N,)
    precision = correct.cumsum() / np.arange(1, len(correct) + 1)  # (N,)
    return coverage[is_last], precision[is_last]


def coverage_at(predictions: Predictions, precision: float) -> float:
    """The largest fraction of the landmark photos that can be tagged at a precision of all tags."""
    coverage, reached = risk_coverage(predictions)
    return float(coverage[reached >= precision].max(initial=0.0))


@dataclass(frozen=True, slots=True)
class Confusion:
    """One landmark taken for another, and the rows of its photos, the highest score first."""

    truth: int
    predicted: int
    rows: list[int]


def confusions(predictions: Predictions) -> list[Confusion]:
    """The ten ordered pairs that are confused most often."""
    pairs: dict[tuple[int, int], list[int]] = {}
    wrong = predictions.is_landmark & ~predictions.correct  # (N,)
    for row in np.argsort(-predictions.score, kind="stable"):
        if wrong[row]:
            pairs.setdefault((int(predictions.truth[row]), int(predictions.first[row])), []).append(int(row))
    found = [Confusion(truth, predicted, rows) for (truth, predicted), rows in pairs.items()]
    return sorted(found, key=lambda pair: (-len(pair.rows), pair.truth, pair.predicted))[:MAX_CONFUSIONS]


# Whether each photo that a proportion refers to counts.
PROPORTIONS: dict[str, Callable[[Predictions], Flags]] = {
    "top1": lambda p: p.correct[p.is_landmark],
    "top3": lambda p: p.in_top(3)[p.is_landmark],
    "top5": lambda p: p.in_top(5)[p.is_landmark],
    "tagged": lambda p: p.tagged[p.is_landmark],
    "rightly_tagged": lambda p: (p.tagged & p.correct)[p.is_landmark],
    "tags_right": lambda p: p.correct[p.tagged & p.is_landmark],
    "negatives_tagged": lambda p: p.tagged[~p.is_landmark],
}


def _proportion(flags: Callable[[Predictions], Flags]) -> Callable[[Predictions], float]:
    return lambda predictions: ratio(flags(predictions))


FIGURES: dict[str, Callable[[Predictions], float]] = {
    **{name: _proportion(flags) for name, flags in PROPORTIONS.items()},
    "gap": gap,
}


def intervals(predictions: Predictions) -> dict[str, tuple[float, float]]:
    """The 95 % confidence interval of each figure.

    Source:
        Proportions: `wilson`. GAP, which has no closed form: the percentile bootstrap of 1,000 resampled sets of
        photos; Efron and Tibshirani 1993, chapter 13.
    """
    rng, photos = np.random.default_rng(SEED), len(predictions.truth)
    gaps = [gap(predictions.take(rng.integers(0, photos, photos))) for _ in range(RESAMPLES)]
    return {name: wilson(flags(predictions)) for name, flags in PROPORTIONS.items()} | {"gap": middle_95(gaps)}


def wilson(values: Flags) -> tuple[float, float]:
    """The 95 % confidence interval of the fraction of true values, from 0 to 1 if there are none.

    Unlike the bootstrap's, it has a width where all values agree: 12 of 12 are 76 to 100 %.

    Source:
        Wilson 1927, as recommended by Brown, Cai and DasGupta 2001, "Interval estimation for a binomial proportion".
    """
    count, z2 = len(values), Z_95**2
    centre = (values.sum() + z2 / 2) / (count + z2)
    half = np.sqrt(z2 * (count * ratio(values) * (1 - ratio(values)) + z2 / 4)) / (count + z2)
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def middle_95(values: list[float]) -> tuple[float, float]:
    """The 2.5 and 97.5 percentiles."""
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)

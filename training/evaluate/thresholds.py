"""When a suggestion becomes a tag.

The one rule: a landmark's own threshold differs only as far as its photos justify, and only if such thresholds rank
held-out photos better. Ten validation photos of a landmark prove little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.data.kinds import audience
from training.data.manifest import Entry
from training.evaluate.metrics import Flags, Floats, Indices, Predictions, gap
from training.fit.recipe import Threshold

FOLDS = 5
SEED = 7
NEWTON_STEPS = 20
PRIOR_PRECISION = 4.0  # 1 / variance of the prior on a landmark's offset, in logits; 2 to 16 are as good
FLOOR_WITHOUT_NEGATIVES = 0.95  # with three landmarks of 20 photos each, 0.9 let 9 of 200 other photos pass, this none
GRID = 1000  # thresholds between 0 and 1
EPSILON = 1e-7


@dataclass(frozen=True, slots=True)
class Limit:
    """How many of a set of negatives may be tagged.

    Args:
        rows: (N,), whether each photo belongs to the set.
        fraction: of the set.
    """

    rows: Flags
    fraction: float

    @property
    def allowed(self) -> float:
        """The number of photos that may be tagged; below 1 none may."""
        return round(self.fraction * float(self.rows.sum()), 9)


def choose_thresholds(
    predictions: Predictions, entries: Sequence[Entry], landmarks: int, threshold: Threshold
) -> Floats:
    """A threshold for each landmark, all the same unless different ones rank better.

    Args:
        predictions: on the validation photos.
        entries: the photos; near-duplicates are held out together.
        landmarks: their number.

    Returns:
        (landmarks,), rounded up to three decimals.
    """
    limits = negative_limits(entries, threshold)
    lowest = lowest_threshold(limits, threshold)
    limits += limits_without_one_source(limits, entries)
    same = np.full(landmarks, choose_threshold(predictions, limits, threshold.min_tags_right, lowest))
    if not threshold.per_class:
        return same
    folds = cross_validation_folds([entry.group or str(entry.path) for entry in entries])
    held_out = replace(predictions, score=_held_out_scores(predictions, folds, landmarks))
    if gap(held_out) <= gap(predictions):
        return same
    common = choose_threshold(held_out, limits, threshold.min_tags_right, lowest)
    own = _sigmoid(_logit(np.full(landmarks, common)) - class_offsets(predictions, landmarks))
    return (np.ceil(own * GRID) / GRID).clip(lowest, 1.0)


def choose_threshold(predictions: Predictions, limits: Sequence[Limit], min_tags_right: float, lowest: float) -> float:
    """The lowest threshold that keeps every limit and whose tags are correct often enough.

    Args:
        min_tags_right: fraction of the tags on landmark photos that must be right.
        lowest: the result is not below it.

    Returns:
        A multiple of 0.001; 1 if no threshold will do.
    """
    for step in range(round(lowest * GRID), GRID):
        tagged = predictions.score >= step / GRID  # (N,)
        landmarks = tagged & predictions.is_landmark  # (N,)
        is_right = predictions.correct[landmarks].sum() >= min_tags_right * landmarks.sum()
        if is_right and all((tagged & limit.rows).sum() <= limit.allowed for limit in limits):
            return step / GRID
    return 1.0


def negative_limits(entries: Sequence[Entry], threshold: Threshold) -> list[Limit]:
    """The limit for other sights, and the one for all other negatives.

    Args:
        entries: the validation photos, in the predictions' order.
    """
    is_negative = np.array([entry.landmark is None for entry in entries], dtype=bool)  # (N,)
    is_sight = is_negative & [audience(entry.label) == "sight" for entry in entries]  # (N,)
    return [
        Limit(is_sight, threshold.max_sights_tagged),
        Limit(is_negative & ~is_sight, threshold.max_ordinary_tagged),
    ]


def limits_without_one_source(limits: Sequence[Limit], entries: Sequence[Entry]) -> list[Limit]:
    """Each limit on the photos of all sources but one, so that no single collection makes a limit easy.

    Only where the photos of the other sources are enough for the limit to allow a tag.
    """
    sources = np.array([entry.source for entry in entries])  # (N,)
    rest = [
        Limit(limit.rows & (sources != source), limit.fraction)
        for limit in limits
        for source in sorted(set(sources[limit.rows]) - {""})
    ]
    return [limit for limit in rest if limit.allowed >= 1]


def lowest_threshold(limits: Sequence[Limit], threshold: Threshold) -> float:
    """The recipe's floor; more if there are so few negatives that the limits allow no tag, and 0.95 if there are none.

    Args:
        limits: disjoint ones.

    Returns:
        A multiple of 0.001.
    """
    doubt = max(0.0, 1 - sum(limit.allowed for limit in limits))
    raised = threshold.floor + doubt * (FLOOR_WITHOUT_NEGATIVES - threshold.floor)
    return float(np.ceil(round(max(threshold.floor, raised) * GRID, 6)) / GRID)


def class_offsets(predictions: Predictions, landmarks: int) -> Floats:
    """How far each landmark's suggestions are under- or overconfident.

    Returns:
        (landmarks,), in logits. A normal prior around 0 lets few photos move an offset only a little.

    Source:
        Logistic regression on the score with a random intercept for each landmark, at its posterior mode, found by
        Newton's method.
    """
    logits = _logit(predictions.score)  # (N,)
    offsets = np.zeros(landmarks)
    for _ in range(NEWTON_STEPS):
        p = _sigmoid(logits + offsets[predictions.first])  # (N,)
        residual, variance = predictions.correct - p, p * (1 - p)  # (N,), (N,)
        gradient = np.bincount(predictions.first, residual, landmarks) - PRIOR_PRECISION * offsets  # (landmarks,)
        curvature = np.bincount(predictions.first, variance, landmarks) + PRIOR_PRECISION  # (landmarks,)
        offsets += gradient / curvature
    return offsets


def cross_validation_folds(groups: Sequence[str]) -> Indices:
    """(N,), which of five folds each photo is in; near-duplicates are in one fold."""
    numbers = {name: number for number, name in enumerate(dict.fromkeys(groups))}
    fold_of_group = np.random.default_rng(SEED).permutation(len(numbers)) % FOLDS  # (groups,)
    return np.array([fold_of_group[numbers[name]] for name in groups], dtype=np.int64)


def _held_out_scores(predictions: Predictions, folds: Indices, landmarks: int) -> Floats:
    """(N,), each photo's score, corrected by the class offsets of the other folds."""
    score = predictions.score.copy()
    for fold in range(FOLDS):
        own = folds == fold  # (N,)
        offsets = class_offsets(predictions.take(np.flatnonzero(~own)), landmarks)
        score[own] = _sigmoid(_logit(predictions.score[own]) + offsets[predictions.first[own]])
    return score


def _logit(p: Floats) -> Floats:
    inside = p.clip(EPSILON, 1 - EPSILON)
    logit: Floats = np.log(inside / (1 - inside))
    return logit


def _sigmoid(logit: NDArray[np.float64]) -> Floats:
    p: Floats = 1 / (1 + np.exp(-logit))
    return p

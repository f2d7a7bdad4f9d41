"""When a suggestion becomes a tag.

The one rule: a landmark's own threshold differs only as far as its photos justify, and only if such thresholds rank
held-out photos better. Ten validation photos of a landmark say little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.evaluate.metrics import Floats, Indices, Predictions, gap
from training.fit.recipe import Threshold

FOLDS = 5
SEED = 7
NEWTON_STEPS = 20
PRIOR_PRECISION = 4.0  # 1 / variance of the prior on a landmark's offset, in logits; 2 to 16 are as good
MIN_WITHOUT_NEGATIVES = 0.5
GRID = 1000  # thresholds between 0 and 1
EPSILON = 1e-7


def choose_thresholds(predictions: Predictions, groups: Sequence[str], landmarks: int, limits: Threshold) -> Floats:
    """A threshold for each landmark, all the same unless different ones rank better.

    Args:
        predictions: on validation photos.
        groups: of near-duplicates, a name for each photo.
        limits: which mistakes are allowed.

    Returns:
        (landmarks,), rounded up to three decimals.
    """
    same = np.full(landmarks, choose_threshold(predictions, limits))
    if not limits.per_class:
        return same
    held_out = replace(predictions, score=_held_out_scores(predictions, cross_validation_folds(groups), landmarks))
    if gap(held_out) <= gap(predictions):
        return same
    threshold = choose_threshold(held_out, limits)
    own = _sigmoid(_logit(np.full(landmarks, threshold)) - class_offsets(predictions, landmarks))
    return np.minimum(1.0, np.ceil(own * GRID) / GRID)


def choose_threshold(predictions: Predictions, limits: Threshold) -> float:
    """The lowest threshold that tags few enough negatives and is right often enough.

    Returns:
        A multiple of 0.001; 1 if none does, and at least 0.5 if there are no negatives to learn from.
    """
    negatives = int((~predictions.is_landmark).sum())
    lowest = 1 if negatives else int(MIN_WITHOUT_NEGATIVES * GRID)
    for step in range(lowest, GRID):
        tagged = predictions.score >= step / GRID  # (N,)
        landmarks = tagged & predictions.is_landmark  # (N,)
        too_many = (tagged & ~predictions.is_landmark).sum() > limits.max_negatives_tagged * negatives
        if not too_many and predictions.correct[landmarks].sum() >= limits.min_tags_right * landmarks.sum():
            return step / GRID
    return 1.0


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

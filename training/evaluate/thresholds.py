"""When a suggestion becomes a tag.

The one rule: a landmark gets a threshold of its own only as far as its photos give reason, and only if that would have
ordered photos better that took no part in choosing it. Ten validation photos of a landmark say little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.evaluate.metrics import Answers, Floats, Indices, gap
from training.fit.recipe import Threshold

FOLDS = 5
SEED = 7
STEPS = 20
PRIOR_PRECISION = 4.0  # 1 / variance of what is thought of a landmark beforehand, in logits; 2 to 16 are as good
WITHOUT_NEGATIVES = 0.5
GRID = 1000
CERTAIN = 1e-7


def choose_thresholds(answers: Answers, groups: Sequence[str], landmarks: int, allowed: Threshold) -> Floats:
    """A threshold for each landmark, all the same unless differences are worth it.

    Args:
        answers: on validation photos.
        groups: of near-duplicates, one name a photo.

    Returns:
        (landmarks,), rounded up to three decimals.
    """
    one = np.full(landmarks, choose_threshold(answers, allowed))
    if not allowed.per_class:
        return one
    unseen = replace(answers, score=_trusted_unseen(answers, folds(groups), landmarks))
    if gap(unseen) <= gap(answers):
        return one
    cut = choose_threshold(unseen, allowed)
    own = _chance(_logit(np.full(landmarks, cut)) - class_offsets(answers, landmarks))
    return np.minimum(1.0, np.ceil(own * GRID) / GRID)


def choose_threshold(answers: Answers, allowed: Threshold) -> float:
    """The lowest threshold that tags few enough negatives and is right often enough.

    Returns:
        A multiple of 0.001; 1 if none will do. Without negatives nothing is known of them, and it is 0.5 or more.
    """
    negatives = int((~answers.is_landmark).sum())
    lowest = 1 if negatives else int(WITHOUT_NEGATIVES * GRID)
    for step in range(lowest, GRID):
        tagged = answers.score >= step / GRID  # (N,)
        landmarks = tagged & answers.is_landmark  # (N,)
        too_many = (tagged & ~answers.is_landmark).sum() > allowed.max_negatives_tagged * negatives
        if not too_many and answers.right[landmarks].sum() >= allowed.min_tags_right * landmarks.sum():
            return step / GRID
    return 1.0


def class_offsets(answers: Answers, landmarks: int) -> Floats:
    """How much more (or less) a suggestion of each landmark is worth than its score says.

    Returns:
        (landmarks,), in logits: likeliest under what was seen and a normal distribution around 0, so that few photos
        move it little.

    Source:
        Logistic regression on the score with a random intercept for each landmark, at its posterior mode.
    """
    logits = _logit(answers.score)  # (N,)
    offsets = np.zeros(landmarks)
    for _ in range(STEPS):
        chance = _chance(logits + offsets[answers.said])  # (N,)
        slope = np.bincount(answers.said, answers.right - chance, landmarks) - PRIOR_PRECISION * offsets  # (landmarks,)
        bend = np.bincount(answers.said, chance * (1 - chance), landmarks) + PRIOR_PRECISION  # (landmarks,)
        offsets += slope / bend
    return offsets


def folds(groups: Sequence[str]) -> Indices:
    """(N,), which of five parts each photo is in; near-duplicates are in one part."""
    names = {name: number for number, name in enumerate(dict.fromkeys(groups))}
    part = np.random.default_rng(SEED).permutation(len(names)) % FOLDS  # (groups,)
    return np.array([part[names[name]] for name in groups], dtype=np.int64)


def _trusted_unseen(answers: Answers, part: Indices, landmarks: int) -> Floats:
    """(N,), each photo's score, corrected by what the photos of the other parts say of its landmark."""
    score = answers.score.copy()
    for number in range(FOLDS):
        others, own = np.flatnonzero(part != number), part == number
        offsets = class_offsets(answers.picked(others), landmarks)
        score[own] = _chance(_logit(answers.score[own]) + offsets[answers.said[own]])
    return score


def _logit(chance: Floats) -> Floats:
    inside = chance.clip(CERTAIN, 1 - CERTAIN)
    odds: Floats = np.log(inside / (1 - inside))
    return odds


def _chance(logit: NDArray[np.float64]) -> Floats:
    chance: Floats = 1 / (1 + np.exp(-logit))
    return chance

"""Ways to tell photos of no known landmark, each as one number for a photo: the higher, the surer there is one.

The one rule: a way sees features and logits only, and nothing of the photos that it is judged on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger.model.calibrate import probabilities
from training.evaluate.metrics import Floats, Indices

STEADIED = 0.1  # of the mean variance, added to every feature's so that the covariance can be inverted

Features = NDArray[np.float32]
Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class OodScore:
    """What a way says of N photos.

    Args:
        score: (N,).
        said: (N,), the landmark that would be suggested.
    """

    name: str
    what: str
    score: Floats
    said: Indices


def of_background(logits: Logits, temperature: float, known: int) -> list[OodScore]:
    """Ways to read a network with a background output.

    Args:
        logits: (N, known + 1).
    """
    said = logits[:, :known].argmax(axis=1)  # (N,)
    energy = _log_sum(logits[:, :known])  # (N,)
    without = probabilities(logits[:, :known], temperature).max(axis=1)  # (N,)
    return [
        probability(logits, temperature, known, "probability", "best landmark's probability, background trained"),
        OodScore("landmarks only", "the same network's softmax without the background output", without, said),
        OodScore("energy", "log of the summed exponentials of the landmarks' logits (Liu et al. 2020)", energy, said),
        OodScore("energy against background", "energy minus the background's logit", energy - logits[:, known], said),
    ]


def probability(logits: Logits, temperature: float, known: int, name: str, what: str) -> OodScore:
    """The best landmark's calibrated probability: the only way that a card can express.

    Args:
        logits: (N, outputs), background outputs last if there are any.
    """
    scores = probabilities(logits, temperature)[:, :known]  # (N, known)
    return OodScore(name, what, scores.max(axis=1), scores.argmax(axis=1))


def of_features(features: Features, train: Features, labels: Indices, said: Indices, known: int) -> list[OodScore]:
    """Ways that look at how near a photo's features are to the landmarks' training photos.

    Args:
        features: (N, features), of the photos in question.
        train: (M, features).
        labels: (M,), of the training photos; `known` for negatives.
        said: (N,), what the network suggests; distances only decide whether to believe it.
    """
    means = np.stack([train[labels == index].mean(axis=0) for index in range(known)])  # (known, features)
    cosine = (_unit(features) @ _unit(means).T).max(axis=1).astype(np.float64)  # (N,)
    shown = labels < known  # (M,)
    nearness = -_mahalanobis(features, means, train[shown] - means[labels[shown]])  # (N,)
    return [
        OodScore("cosine to prototypes", "cosine of the features to the nearest landmark's mean", cosine, said),
        OodScore("Mahalanobis", "distance to the nearest mean under one covariance (Lee et al. 2018)", nearness, said),
    ]


def together(probable: OodScore, near: OodScore) -> OodScore:
    """A probability times a cosine."""
    score = probable.score * near.score.clip(0.0, 1.0)
    return OodScore(f"{probable.name} × cosine", "both multiplied", score, probable.said)


def _mahalanobis(features: Features, means: Features, spread: Features) -> Floats:
    """(N,), squared distance to the nearest of the means.

    Args:
        spread: (M, features), what training photos differ from their landmark's mean by.
    """
    covariance = spread.T.astype(np.float64) @ spread / len(spread)  # (features, features)
    steady = STEADIED * covariance.trace() / len(covariance) + np.finfo(np.float32).eps
    whiten = np.linalg.cholesky(np.linalg.inv(covariance + steady * np.eye(len(covariance))))  # (features, features)
    here, there = features @ whiten, means @ whiten  # (N, features), (known, features)
    squares = (here**2).sum(axis=1)[:, None] - 2 * here @ there.T + (there**2).sum(axis=1)  # (N, known)
    nearest: Floats = squares.min(axis=1)
    return nearest


def _unit(rows: Features) -> Features:
    lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.finfo(np.float32).eps)  # (N, 1)
    unit: Features = rows / lengths
    return unit


def _log_sum(logits: Logits) -> Floats:
    highest = logits.max(axis=1)  # (N,)
    summed: Floats = highest + np.log(np.exp(logits.astype(np.float64) - highest[:, None]).sum(axis=1))
    return summed

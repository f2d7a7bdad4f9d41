"""Scores that separate landmark photos from others (out of distribution): the higher, the likelier a landmark."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger.model.inference import probabilities
from training.evaluate.metrics import Floats, Indices

SHRINKAGE = 0.1  # of the mean variance, added to each feature's variance so that the covariance can be inverted

Features = NDArray[np.float32]
Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class OodScore:
    """One way to score N photos.

    Args:
        score: (N,).
        predicted: (N,), the landmark that would be suggested.
    """

    name: str
    what: str
    score: Floats
    predicted: Indices


def logit_scores(logits: Logits, temperature: float, landmarks: int) -> list[OodScore]:
    """Scores from the logits of a network with a background output.

    Args:
        logits: (N, landmarks + 1).
    """
    predicted = logits[:, :landmarks].argmax(axis=1)  # (N,)
    energy = _log_sum_exp(logits[:, :landmarks])  # (N,)
    against = energy - logits[:, landmarks]  # (N,)
    alone = probabilities(logits[:, :landmarks], temperature).max(axis=1)  # (N,)
    return [
        probability(logits, temperature, landmarks, "probability", "best landmark's probability, background trained"),
        OodScore("landmarks only", "the same network's softmax without the background output", alone, predicted),
        OodScore(
            "energy", "log of the summed exponentials of the landmarks' logits (Liu et al. 2020)", energy, predicted
        ),
        OodScore("energy against background", "energy minus the background's logit", against, predicted),
    ]


def probability(logits: Logits, temperature: float, landmarks: int, name: str, what: str) -> OodScore:
    """The best landmark's calibrated probability: the only score that a card can express.

    Args:
        logits: (N, outputs), background outputs last if there are any.
    """
    scores = probabilities(logits, temperature)[:, :landmarks]  # (N, landmarks)
    return OodScore(name, what, scores.max(axis=1), scores.argmax(axis=1))


def feature_scores(
    features: Features, train: Features, labels: Indices, predicted: Indices, landmarks: int
) -> list[OodScore]:
    """Scores from the distance of a photo's features to those of the landmarks' training photos.

    Args:
        features: (N, features), of the photos to score.
        train: (M, features).
        labels: (M,), of the training photos; `landmarks` for negatives.
        predicted: (N,), what the network suggests; distances only decide whether to believe it.
    """
    means = np.stack([train[labels == index].mean(axis=0) for index in range(landmarks)])  # (landmarks, features)
    cosine = (_unit(features) @ _unit(means).T).max(axis=1).astype(np.float64)  # (N,)
    shown = labels < landmarks  # (M,)
    nearness = -_mahalanobis(features, means, train[shown] - means[labels[shown]])  # (N,)
    distance = "distance to the nearest mean under one covariance (Lee et al. 2018)"
    return [
        OodScore("cosine to prototypes", "cosine of the features to the nearest landmark's mean", cosine, predicted),
        OodScore("Mahalanobis", distance, nearness, predicted),
    ]


def product(probable: OodScore, near: OodScore) -> OodScore:
    """A probability times a cosine."""
    score = probable.score * near.score.clip(0.0, 1.0)  # (N,)
    return OodScore(f"{probable.name} × cosine", "both multiplied", score, probable.predicted)


def _mahalanobis(features: Features, means: Features, deviations: Features) -> Floats:
    """(N,), squared distance to the nearest of the means.

    Args:
        deviations: (M, features), of training photos from their landmark's mean.
    """
    covariance = deviations.T.astype(np.float64) @ deviations / len(deviations)  # (features, features)
    added = SHRINKAGE * covariance.trace() / len(covariance) + np.finfo(np.float32).eps
    whiten = np.linalg.cholesky(np.linalg.inv(covariance + added * np.eye(len(covariance))))  # (features, features)
    x, y = features @ whiten, means @ whiten  # (N, features), (landmarks, features)
    squares = (x**2).sum(axis=1)[:, None] - 2 * x @ y.T + (y**2).sum(axis=1)  # (N, landmarks)
    nearest: Floats = squares.min(axis=1)  # (N,)
    return nearest


def _unit(rows: Features) -> Features:
    lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.finfo(np.float32).eps)  # (N, 1)
    unit: Features = rows / lengths
    return unit


def _log_sum_exp(logits: Logits) -> Floats:
    highest = logits.max(axis=1)  # (N,)
    result: Floats = highest + np.log(np.exp(logits.astype(np.float64) - highest[:, None]).sum(axis=1))
    return result

"""Compare scores for "none of these" by how many landmark photos they keep: `none.json`.

They are compared on the validation split (the test split is not used), each at the threshold that tags the allowed
fractions of other sights and of all other negatives; it is chosen on four folds and applied to the fifth, in turn.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn.functional import one_hot

from tagger.model.nets import Network, build
from training.data.manifest import Split
from training.evaluate.calibrate import Logits, fit_temperature
from training.evaluate.metrics import (
    FIGURES,
    PROPORTIONS,
    RESAMPLES,
    SEED,
    Flags,
    Floats,
    Indices,
    Predictions,
    auroc,
    middle_95,
    ratio,
    wilson,
)
from training.evaluate.ood_scores import Features, OodScore, feature_scores, logit_scores, probability, product
from training.evaluate.thresholds import FOLDS, Limit, cross_validation_folds, negative_limits
from training.fit.dataset import photo_dataset
from training.fit.device import resolve_device
from training.fit.experiment import Experiment
from training.fit.linear_probe import compute_features, train_linear
from training.fit.recipe import Head

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """Photos as features (N, features), and their labels (N,); negatives have the background's."""

    features: Features
    labels: Indices


def study(experiment: Experiment) -> Json:
    """Measure every score and write `none.json`.

    The best score is the shipped one, unless others tag significantly more photos correctly; then it is the best of
    those.
    """
    landmarks, entries = len(experiment.classes), experiment.entries("val")
    network = build(experiment.recipe.network, experiment.outputs)
    network.load_state_dict(load_file(experiment.require(experiment.weights, "fit")))
    train, val = (_feature_set(experiment, network, split) for split in ("train", "val"))
    recipe = experiment.recipe.refit or Head()
    scores = all_scores(train, val, network.classifier, landmarks, recipe, experiment.recipe.seed)
    folds = cross_validation_folds([entry.group or str(entry.path) for entry in entries])
    truth = np.where(val.labels < landmarks, val.labels, -1)  # (N,)
    found = compare(scores, truth, folds, negative_limits(entries, experiment.recipe.threshold))
    text = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    (experiment.folder / "none.json").write_text(text, encoding="utf-8")
    experiment.log(stage="none", best=found["best"])
    return found


def all_scores(
    train: FeatureSet, val: FeatureSet, classifier: nn.Linear, landmarks: int, recipe: Head, seed: int
) -> list[OodScore]:
    """Every score of the validation photos, the shipped one first.

    Args:
        classifier: of the network.
        recipe: for other classifiers on the same features.
    """
    logits = _logits(classifier, val)  # (N, landmarks + 1)
    shipped = logit_scores(logits, fit_temperature(logits, val.labels, landmarks), landmarks)
    near = feature_scores(val.features, train.features, train.labels, shipped[0].predicted, landmarks)
    labels = torch.from_numpy(train.labels)  # (M,)
    with_background = one_hot(labels, landmarks + 1).float()  # (M, landmarks + 1)
    undecided = with_background[:, :landmarks] + with_background[:, landmarks:] / landmarks  # (M, landmarks)
    everything, shown = labels <= landmarks, labels < landmarks  # (M,), (M,)
    refitted = []
    for name, what, rows, targets in (
        ("background, refitted", "a head with a background output, on the features alone", everything, with_background),
        ("no negatives", "a head that never saw a negative, on the features alone", shown, undecided),
        (
            "outlier exposure",
            "a head trained to be undecided on negatives (Hendrycks et al. 2019)",
            everything,
            undecided,
        ),
    ):
        head = nn.Linear(train.features.shape[1], targets.shape[1])
        train_linear(head, torch.from_numpy(train.features)[rows], targets[rows], recipe, dropout=0.2, seed=seed)
        logits = _logits(head, val)  # (N, outputs)
        refitted.append(probability(logits, fit_temperature(logits, val.labels, landmarks), landmarks, name, what))
    return [*shipped, *near, *refitted, product(shipped[0], near[0])]


def compare(scores: list[OodScore], truth: Indices, folds: Indices, limits: Sequence[Limit]) -> Json:
    """Figures of each score, as in `none.json`.

    Args:
        scores: the shipped one first.
        truth: (N,), -1 for negatives.
        folds: (N,), the cross-validation fold of each photo.
        limits: how many of which negatives may be tagged.
    """
    tagged = [_tagged_held_out(score.score, folds, limits) for score in scores]
    rightly = [
        (tags & (score.predicted == truth))[truth >= 0].astype(float)
        for score, tags in zip(scores, tagged, strict=True)
    ]  # (landmark photos,) each
    rows = [_row(score, tags, truth) for score, tags in zip(scores, tagged, strict=True)]
    for row, own in zip(rows, rightly, strict=True):
        # The interval of the difference photo by photo, so that what both scores share cancels out.
        row["gain_low"], row["gain_high"] = _interval(own - rightly[0])
    better = [row for row in rows[1:] if row["gain_low"] > 0]
    return {"ways": rows, "best": max(better, key=lambda row: float(row["rightly_tagged"]), default=rows[0])["name"]}


def _row(score: OodScore, tagged: Flags, truth: Indices) -> Json:
    predictions = Predictions(score.predicted[:, None], score.score, tagged, truth)
    shown = predictions.is_landmark  # (N,)
    low, high = wilson(PROPORTIONS["rightly_tagged"](predictions))
    return {
        "name": score.name,
        "what": score.what,
        "rightly_tagged": round(FIGURES["rightly_tagged"](predictions), 4),
        "rightly_tagged_low": round(low, 4),
        "rightly_tagged_high": round(high, 4),
        "tags_right": round(FIGURES["tags_right"](predictions), 4),
        "negatives_tagged": round(ratio(tagged[~shown]), 4),
        "auroc": round(auroc(score.score[shown], score.score[~shown]), 4),
        "gap": round(FIGURES["gap"](predictions), 4),
    }


def _tagged_held_out(score: Floats, folds: Indices, limits: Sequence[Limit]) -> Flags:
    """(N,), whether each photo is tagged at the threshold that the other folds' negatives require."""
    tagged = np.zeros(len(score), dtype=bool)
    for fold in range(FOLDS):
        own, threshold = folds == fold, -np.inf  # (N,)
        for limit in limits:
            negatives = np.sort(score[limit.rows & ~own])[::-1]  # highest first
            allowed = int(limit.fraction * len(negatives))
            threshold = max(threshold, negatives[allowed] if allowed < len(negatives) else -np.inf)
        tagged[own] = score[own] > threshold
    return tagged


def _interval(values: Floats) -> tuple[float, float]:
    """The 95 % confidence interval of the mean, by the bootstrap."""
    if not len(values):
        return 0.0, 0.0
    means = np.random.default_rng(SEED).choice(values, (RESAMPLES, len(values))).mean(axis=1)  # (RESAMPLES,)
    low, high = middle_95(means.tolist())
    return round(low, 4), round(high, 4)


@torch.inference_mode()
def _logits(head: nn.Linear, photos: FeatureSet) -> Logits:
    rows: Logits = head.cpu()(torch.from_numpy(photos.features)).numpy()  # (N, outputs)
    return rows


def _feature_set(experiment: Experiment, network: Network, split: Split) -> FeatureSet:
    """The features of a split, cached as long as weights and manifest stay the same."""
    cache = experiment.folder / f"features-{split}.npz"
    made_of = hashlib.sha256(experiment.weights.read_bytes() + experiment.manifest.read_bytes()).hexdigest()
    if cache.exists():
        with np.load(cache) as arrays:
            if str(arrays["made_of"]) == made_of:
                return FeatureSet(arrays["features"], arrays["labels"])
    network = network.to(resolve_device(experiment.recipe.device))
    rows, labels = compute_features(network, photo_dataset(experiment, experiment.entries(split)), experiment)
    photos = FeatureSet(rows.numpy(), labels.numpy())
    np.savez(cache, features=photos.features, labels=photos.labels, made_of=made_of)
    return photos

"""None of these: which way of saying so keeps the most landmark photos?

Every way is a score with a threshold. They are compared on the validation split at the threshold that tags the allowed
share of the negatives, chosen in turn on four fifths of the photos and counted on the last fifth.

The one rule: the test split is never opened here.
"""

from __future__ import annotations

import hashlib
import json
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
from training.evaluate.metrics import FIGURES, RESAMPLES, SEED, Answers, Flags, Floats, Indices, auroc, middle, ratio
from training.evaluate.ood_scores import Features, OodScore, of_background, of_features, probability, together
from training.evaluate.thresholds import FOLDS, folds
from training.fit.dataset import photos
from training.fit.device import used_device
from training.fit.experiment import Experiment
from training.fit.linear_probe import features, train_linear
from training.fit.recipe import Head

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """Photos as features (N, features), and labels (N,); negatives have the background's."""

    features: Features
    labels: Indices


def compare(run: Experiment) -> Json:
    """Measure every way and write `none.json` into the run's folder.

    The best is the first, the one that is shipped, unless another one's gain in rightly tagged photos over it is more
    than chance; of those, the one with the largest gain.
    """
    known, entries = len(run.classes), run.entries("val")
    network = build(run.recipe.network, run.outputs)
    network.load_state_dict(load_file(run.needed(run.weights, "fit")))
    train, val = (_seen(run, network, split) for split in ("train", "val"))
    ways = all_ways(train, val, network.classifier, known, run.recipe.refit or Head(), run.recipe.seed)
    part = folds([entry.group or str(entry.path) for entry in entries])
    truth = np.where(val.labels < known, val.labels, -1)  # (N,)
    found = judged(ways, truth, part, run.recipe.threshold.max_negatives_tagged)
    (run.folder / "none.json").write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    run.log(stage="none", best=found["best"])
    return found


def all_ways(train: Seen, val: Seen, classifier: nn.Linear, known: int, recipe: Head, seed: int) -> list[OodScore]:
    """Every way's scores of the validation photos, the shipped way first."""
    shipped = of_background(_logits(classifier, val), _temperature(_logits(classifier, val), val, known), known)
    near = of_features(val.features, train.features, train.labels, shipped[0].said, known)
    labels = torch.from_numpy(train.labels)  # (M,)
    targets = one_hot(labels, known + 1).float()  # (M, known + 1)
    spread = targets[:, :known] + targets[:, known:] / known  # (M, known)
    refitted = []
    for name, what, rows, wanted in (
        ("background, refitted", "a head with a background output, on the features alone", labels <= known, targets),
        ("no negatives", "a head that never saw a negative, on the features alone", labels < known, spread),
        (
            "outlier exposure",
            "a head that is to be undecided on negatives (Hendrycks et al. 2019)",
            labels <= known,
            spread,
        ),
    ):
        head = nn.Linear(train.features.shape[1], wanted.shape[1])
        train_linear(head, torch.from_numpy(train.features)[rows], wanted[rows], recipe, dropout=0.2, seed=seed)
        logits = _logits(head, val)
        refitted.append(probability(logits, _temperature(logits, val, known), known, name, what))
    return [*shipped, *near, *refitted, together(shipped[0], near[0])]


def judged(ways: list[OodScore], truth: Indices, part: Indices, allowed: float) -> Json:
    """Figures of each way, as in `none.json`.

    Args:
        truth: (N,), -1 for negatives.
        part: (N,), the fold of each photo.
        allowed: share of the negatives that may be tagged.
    """
    tagged = [_tagged_unseen(way.score, truth < 0, part, allowed) for way in ways]
    right = [(on & (way.said == truth))[truth >= 0].astype(float) for way, on in zip(ways, tagged, strict=True)]
    rows = [_row(*both, truth) for both in zip(ways, tagged, strict=True)]
    for row, own in zip(rows, right, strict=True):
        row["gain_low"], row["gain_high"] = _interval(own - right[0])  # photo by photo, so that luck cancels out
    better = [row for row in rows[1:] if row["gain_low"] > 0]
    return {"ways": rows, "best": max(better, key=lambda row: float(row["rightly_tagged"]), default=rows[0])["name"]}


def _row(way: OodScore, tagged: Flags, truth: Indices) -> Json:
    answers = Answers(way.said[:, None], way.score, tagged, truth)
    is_landmark = answers.is_landmark  # (N,)
    low, high = _interval((tagged & answers.right)[is_landmark].astype(np.float64))
    return {
        "name": way.name,
        "what": way.what,
        "rightly_tagged": round(FIGURES["rightly_tagged"](answers), 4),
        "rightly_tagged_low": low,
        "rightly_tagged_high": high,
        "tags_right": round(FIGURES["tags_right"](answers), 4),
        "negatives_tagged": round(ratio(tagged[~is_landmark]), 4),
        "auroc": round(auroc(way.score[is_landmark], way.score[~is_landmark]), 4),
        "gap": round(FIGURES["gap"](answers), 4),
    }


def _tagged_unseen(score: Floats, is_negative: Flags, part: Indices, allowed: float) -> Flags:
    """(N,), whether each photo is tagged at the threshold that the other folds' negatives ask for."""
    tagged = np.zeros(len(score), dtype=bool)
    for number in range(FOLDS):
        own = part == number
        negatives = np.sort(score[is_negative & ~own])[::-1]
        count = int(allowed * len(negatives))
        tagged[own] = score[own] > (negatives[count] if count < len(negatives) else -np.inf)
    return tagged


def _interval(values: Floats) -> tuple[float, float]:
    """95 % of the means of as many values drawn with replacement."""
    if not len(values):
        return 0.0, 0.0
    means = np.random.default_rng(SEED).choice(values, (RESAMPLES, len(values))).mean(axis=1)  # (RESAMPLES,)
    low, high = middle(means.tolist())
    return round(low, 4), round(high, 4)


def _temperature(logits: Logits, val: Seen, known: int) -> float:
    return fit_temperature(logits, val.labels, known)


@torch.inference_mode()
def _logits(head: nn.Linear, seen: Seen) -> Logits:
    rows: Logits = head.cpu()(torch.from_numpy(seen.features)).numpy()  # (N, outputs)
    return rows


def _seen(run: Experiment, network: Network, split: Split) -> Seen:
    """The photos of a split; features are kept beside the weights that they come from."""
    kept = run.folder / f"features-{split}.npz"
    made_of = hashlib.sha256(run.weights.read_bytes() + run.manifest.read_bytes()).hexdigest()
    if kept.exists():
        with np.load(kept) as arrays:
            if str(arrays["made_of"]) == made_of:
                return Seen(arrays["features"], arrays["labels"])
    rows, labels = features(network.to(used_device(run.recipe.device)), photos(run, run.entries(split)), run)
    seen = Seen(rows.numpy(), labels.numpy())
    np.savez(kept, features=seen.features, labels=seen.labels, made_of=made_of)
    return seen

"""How good a bundle is, measured through the exported file in the default engine.

The one rule: no choice was made on the photos that a figure is measured on, unless the figure is called "val".

It writes three files: `metrics.json`, the figures of each split; `details.json`, the breakdowns; and
`outputs-<split>.npz`, the logits (N, outputs) and labels (N,) that both are computed from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from tagger.core.errors import EngineUnavailable
from tagger.core.types import Tagged
from tagger.model.bundle import Bundle, open_bundle
from tagger.model.card import Card
from tagger.model.engines import Engine
from tagger.model.engines.openvino import OpenVinoEngine
from tagger.model.engines.torch import TorchEngine
from tagger.model.inference import answer, probabilities
from training.data.kinds import AUDIENCES
from training.data.manifest import Split
from training.evaluate.breakdowns import breakdowns
from training.evaluate.calibration_warnings import print_warnings
from training.evaluate.metrics import (
    FIGURES,
    Floats,
    Predictions,
    auroc,
    calibration_error,
    coverage_at,
    error_by_chance,
    ratio,
    reliability,
)
from training.evaluate.robustness import CORRUPTIONS, corrupted, flipped
from training.fit.dataset import PhotoDataset, data_loader, photo_dataset
from training.fit.experiment import Experiment

BATCH = 32
TOP = 5
WITH_INTERVALS = ("top1", "top5")
ROBUSTNESS_FIGURES = ("top1", "top5", "tagged", "tags_right", "negatives_tagged")

Figures = dict[str, float | int]


@dataclass(frozen=True, slots=True)
class Outputs:
    """A network's logits (N, outputs) and the photos' labels (N,)."""

    logits: NDArray[np.float32]
    labels: NDArray[np.int64]


def evaluate(experiment: Experiment, splits: Sequence[Split] = ("val", "test")) -> dict[str, Figures]:
    """Measure the calibrated bundle; the files keep figures of other splits."""
    bundle = open_bundle(experiment.require(experiment.bundle, "calibrate"))
    measured = {split: _measure(experiment, bundle, split) for split in splits}
    figures_by_split: dict[str, Figures] = {split: short for split, (short, _) in measured.items()}
    _update(experiment.metrics, figures_by_split)
    _update(experiment.breakdowns, {split: long for split, (_, long) in measured.items()})
    for split, values in figures_by_split.items():
        experiment.log(stage="evaluate", split=split, **values)
    print_warnings(bundle.card)
    return figures_by_split


def infer(engine: Engine, dataset: PhotoDataset, workers: int) -> Outputs:
    """Run every photo of a set through an engine."""
    logits, labels = [], []
    progress = tqdm(data_loader(dataset, BATCH, workers), desc=f"{engine.info.name} {engine.info.precision}")
    for pixels, targets in progress:
        logits.append(engine.logits(pixels.numpy()))  # (B, outputs)
        labels.append(targets.numpy())  # (B,)
    return Outputs(np.concatenate(logits), np.concatenate(labels))  # (N, outputs), (N,)


def predictions(card: Card, outputs: Outputs) -> Predictions:
    """The five best landmarks of each photo and whether they are tags, decided by the product's own code."""
    index_of = {landmark.id: index for index, landmark in enumerate(card.classes)}
    scores = probabilities(outputs.logits, card.temperature)  # (N, outputs)
    answers = [answer(row, card, TOP) for row in scores]
    return Predictions(
        ranked=np.array([[index_of[s.landmark.id] for s in photo.suggestions] for photo in answers]),
        score=scores[:, : len(index_of)].max(axis=1),
        tagged=np.array([isinstance(photo, Tagged) for photo in answers]),
        truth=np.where(outputs.labels < len(index_of), outputs.labels, -1),
    )


def figures(card: Card, outputs: Outputs) -> Figures:
    """How good the predictions are.

    Returns:
        Fractions of the landmark photos (``top1``, ``top3``, ``top5``, ``tagged``, ``rightly_tagged``), of the tagged
        landmark photos (``tags_right``) and of the negatives (``negatives_tagged``); ``gap``, ``auroc`` and
        ``coverage_at_…`` of all photos; calibration errors (``ece_…``) of all photos, before calibration, of the
        landmark photos alone, and by chance alone; and the number of photos.
    """
    given = predictions(card, outputs)
    after = reliability(given.score, given.correct)
    before = reliability(_raw_scores(card, outputs), given.correct)
    shown = given.is_landmark  # (N,)
    counts: Figures = {"landmark_photos": int(shown.sum()), "negative_photos": int((~shown).sum())}
    values = {name: figure(given) for name, figure in FIGURES.items()} | {
        "auroc": auroc(given.score[shown], given.score[~shown]),
        "coverage_at_95": coverage_at(given, 0.95),
        "coverage_at_99": coverage_at(given, 0.99),
        "ece_before": calibration_error(before),
        "ece": calibration_error(after),
        "ece_landmarks": calibration_error(reliability(given.score[shown], given.correct[shown])),
        "ece_by_chance": error_by_chance(given.score),
    }
    return counts | {name: round(value, 4) for name, value in values.items()}


def agreement(card: Card, one: Outputs, other: Outputs) -> float:
    """The fraction of the landmark photos with the same first suggestion."""
    landmarks = len(card.classes)
    is_landmark = one.labels < landmarks  # (N,)
    same = one.logits[:, :landmarks].argmax(1) == other.logits[:, :landmarks].argmax(1)  # (N,)
    return round(ratio(same[is_landmark]), 4)


def _measure(experiment: Experiment, bundle: Bundle, split: Split) -> tuple[Figures, dict[str, Any]]:
    """The split's figures and breakdowns."""
    entries, card, workers = experiment.entries(split), bundle.card, experiment.recipe.workers
    dataset, engine = photo_dataset(experiment, entries), OpenVinoEngine(bundle, precision="float32")
    outputs = infer(engine, dataset, workers)
    np.savez_compressed(experiment.folder / f"outputs-{split}.npz", logits=outputs.logits, labels=outputs.labels)
    given, sources = predictions(card, outputs), {entry.source for entry in experiment.entries("train")}
    long = breakdowns(given, _raw_scores(card, outputs), card.classes, entries, sources)
    if split == "test":
        long["robustness"] = _robustness(engine, card, dataset, workers, given)
    ends = {
        f"{name}_{end}": value
        for name in WITH_INTERVALS
        for end, value in zip(("low", "high"), long["intervals"][name], strict=True)
    }
    tags = {
        f"{name}_tagged": found["tagged"][0]
        for name, found in long["categories"].items()
        if name in AUDIENCES and found["tagged"]
    }
    return figures(card, outputs) | tags | ends | _other_engines(bundle, dataset, outputs, workers), long


def _other_engines(bundle: Bundle, dataset: PhotoDataset, outputs: Outputs, workers: int) -> Figures:
    """How often torch and half precision agree with OpenVINO's float32 outputs."""
    reference = infer(TorchEngine(bundle, precision="float32"), dataset, workers)
    found: Figures = {"torch_top1_agreement": agreement(bundle.card, outputs, reference)}
    try:
        engine = OpenVinoEngine(bundle, precision="bfloat16")
    except EngineUnavailable:
        return found  # without bfloat16 on this processor there is no figure, so the card does not allow it
    halved = infer(engine, dataset, workers)
    return found | {
        "bfloat16_top1_agreement": agreement(bundle.card, outputs, halved),
        "bfloat16_negatives_tagged": round(FIGURES["negatives_tagged"](predictions(bundle.card, halved)), 4),
    }


def _robustness(
    engine: Engine, card: Card, dataset: PhotoDataset, workers: int, original: Predictions
) -> dict[str, Figures]:
    """Figures on corrupted photos at the same thresholds, and how many photos flip.

    Args:
        original: of the photos as they are.
    """
    found: dict[str, Figures] = {}
    for name, corruption in CORRUPTIONS.items():
        given = predictions(card, infer(engine, corrupted(dataset, corruption), workers))
        flips = flipped(original, given)  # (N,)
        values = {figure: FIGURES[figure](given) for figure in ROBUSTNESS_FIGURES} | {
            "landmarks_flipped": ratio(flips[given.is_landmark]),
            "negatives_flipped": ratio(flips[~given.is_landmark]),
        }
        found[name] = {figure: round(value, 4) for figure, value in values.items()}
    return found


def _raw_scores(card: Card, outputs: Outputs) -> Floats:
    """(N,), the first suggestions' scores at temperature 1."""
    scores: Floats = probabilities(outputs.logits, 1.0)[:, : len(card.classes)].max(axis=1)
    return scores


def _update(file: Path, values: Mapping[str, Any]) -> None:
    before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    file.write_text(json.dumps({**before, **values}, indent=2) + "\n", encoding="utf-8")

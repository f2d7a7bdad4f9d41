"""What a bundle is worth, measured through the exported file in the default engine.

The one rule: the photos that a figure is measured on took no part in any choice, unless the figure is called "val".

Into the run's folder go `metrics.json`, a table of figures for each split; `breakdowns.json`, what is too long for it;
and `outputs-<split>.npz`, the logits (N, outputs) and labels (N,) that both were counted from.
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
from tagger.model.calibrate import answer, probabilities
from tagger.model.card import Card
from tagger.model.engines import Engine
from tagger.model.engines.openvino import OpenVinoEngine
from tagger.model.engines.torch import TorchEngine
from training.data.manifest import Split
from training.evaluate.breakdowns import breakdowns
from training.evaluate.metrics import (
    FIGURES,
    Answers,
    Floats,
    auroc,
    calibration_error,
    coverage_at,
    error_by_chance,
    ratio,
    reliability,
)
from training.evaluate.robustness import CHANGES, changed
from training.fit.dataset import Photos, batches, photos
from training.fit.experiment import Experiment

BATCH = 32
TOP = 5
WITH_INTERVALS = ("top1", "top5")
OF_ROBUSTNESS = ("top1", "top5", "tagged", "tags_right", "negatives_tagged")

Figures = dict[str, float | int]


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a network said, (N, outputs), and what was right, (N,)."""

    logits: NDArray[np.float32]
    labels: NDArray[np.int64]


def evaluate(run: Experiment, splits: Sequence[Split] = ("val", "test")) -> dict[str, Figures]:
    """Measure the run's calibrated bundle; what was measured of other splits stays in the files."""
    bundle = open_bundle(run.needed(run.bundle, "calibrate"))
    measured = {split: _measure(run, bundle, split) for split in splits}
    found: dict[str, Figures] = {split: short for split, (short, _) in measured.items()}
    _update(run.metrics, found)
    _update(run.details, {split: long for split, (_, long) in measured.items()})
    for split, values in found.items():
        run.log(stage="evaluate", split=split, **values)
    return found


def infer(engine: Engine, dataset: Photos, workers: int) -> Outputs:
    """Every photo of a set through an engine."""
    logits, labels = [], []
    for pixels, targets in tqdm(batches(dataset, BATCH, workers), desc=f"{engine.info.name} {engine.info.precision}"):
        logits.append(engine.logits(pixels.numpy()))  # (B, outputs)
        labels.append(targets.numpy())  # (B,)
    return Outputs(np.concatenate(logits), np.concatenate(labels))  # (N, outputs), (N,)


def answers(card: Card, outputs: Outputs) -> Answers:
    """The five best landmarks of each photo and whether they are tags, decided by the code that answers users."""
    number = {entry.id: index for index, entry in enumerate(card.classes)}
    scores = probabilities(outputs.logits, card.temperature)  # (N, outputs)
    given = [answer(row, card, TOP) for row in scores]
    return Answers(
        ranked=np.array([[number[s.landmark.id] for s in one.suggestions] for one in given]),
        score=scores[:, : len(number)].max(axis=1),
        tagged=np.array([isinstance(one, Tagged) for one in given]),
        truth=np.where(outputs.labels < len(number), outputs.labels, -1),
    )


def figures(card: Card, outputs: Outputs) -> Figures:
    """How good the answers are.

    Returns:
        Shares of the landmark photos (``top1``, ``top3``, ``top5``, ``tagged``, ``rightly_tagged``), of the tagged
        landmark photos (``tags_right``) and of the negatives (``negatives_tagged``); ``gap``, ``auroc`` and
        ``coverage_at_…`` of all photos; calibration errors (``ece_…``) of all photos, before calibration, of the
        landmark photos alone, and what chance alone would show; and the number of photos.
    """
    given = answers(card, outputs)
    after = reliability(given.score, given.right)
    before = reliability(_raw(card, outputs), given.right)
    only = given.is_landmark  # (N,)
    counts: Figures = {"landmark_photos": int(only.sum()), "negative_photos": int((~only).sum())}
    values = {name: figure(given) for name, figure in FIGURES.items()} | {
        "auroc": auroc(given.score[only], given.score[~only]),
        "coverage_at_95": coverage_at(given, 0.95),
        "coverage_at_99": coverage_at(given, 0.99),
        "ece_before": calibration_error(before),
        "ece": calibration_error(after),
        "ece_landmarks": calibration_error(reliability(given.score[only], given.right[only])),
        "ece_by_chance": error_by_chance(given.score),
    }
    return counts | {name: round(value, 4) for name, value in values.items()}


def agreement(card: Card, one: Outputs, other: Outputs) -> float:
    """Share of the landmark photos whose first suggestion is the same."""
    known = len(card.classes)
    is_landmark = one.labels < known  # (N,)
    same = one.logits[:, :known].argmax(1) == other.logits[:, :known].argmax(1)  # (N,)
    return round(ratio(same[is_landmark]), 4)


def _measure(run: Experiment, bundle: Bundle, split: Split) -> tuple[Figures, dict[str, Any]]:
    entries, card, workers = run.entries(split), bundle.card, run.recipe.workers
    dataset, engine = photos(run, entries), OpenVinoEngine(bundle, precision="float32")
    exact = infer(engine, dataset, workers)
    np.savez_compressed(run.folder / f"outputs-{split}.npz", logits=exact.logits, labels=exact.labels)
    long = breakdowns(answers(card, exact), _raw(card, exact), card.classes, entries)
    if split == "test":
        long["robustness"] = _robustness(engine, card, dataset, workers)
    ends = {
        f"{name}_{end}": value
        for name in WITH_INTERVALS
        for end, value in zip(("low", "high"), long["intervals"][name], strict=True)
    }
    return figures(card, exact) | ends | _other_engines(bundle, dataset, exact, workers), long


def _other_engines(bundle: Bundle, dataset: Photos, exact: Outputs, workers: int) -> Figures:
    """How far torch and half precision agree with float32 in OpenVINO."""
    reference = infer(TorchEngine(bundle, precision="float32"), dataset, workers)
    found: Figures = {"torch_top1_agreement": agreement(bundle.card, exact, reference)}
    try:
        engine = OpenVinoEngine(bundle, precision="bfloat16")
    except EngineUnavailable:
        return found  # this processor cannot tell, so the card will not allow it
    halved = infer(engine, dataset, workers)
    return found | {
        "bfloat16_top1_agreement": agreement(bundle.card, exact, halved),
        "bfloat16_negatives_tagged": round(FIGURES["negatives_tagged"](answers(bundle.card, halved)), 4),
    }


def _robustness(engine: Engine, card: Card, dataset: Photos, workers: int) -> dict[str, Figures]:
    """The figures that change when every photo went through something, at the same thresholds."""
    found: dict[str, Figures] = {}
    for name, change in CHANGES.items():
        given = answers(card, infer(engine, changed(dataset, change), workers))
        found[name] = {figure: round(FIGURES[figure](given), 4) for figure in OF_ROBUSTNESS}
    return found


def _raw(card: Card, outputs: Outputs) -> Floats:
    """(N,), the first suggestions' scores at temperature 1."""
    best: Floats = probabilities(outputs.logits, 1.0)[:, : len(card.classes)].max(axis=1)
    return best


def _update(file: Path, found: Mapping[str, Any]) -> None:
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    file.write_text(json.dumps({**kept, **found}, indent=2) + "\n", encoding="utf-8")

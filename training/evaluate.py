"""What a bundle is worth, measured through the exported file in the default engine.

The one rule: the photos that a figure is measured on took no part in any choice, unless the figure is called "val".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from tagger.bundle import Bundle, open_bundle
from tagger.calibrate import answer, probabilities
from tagger.card import Card
from tagger.engines import Engine
from tagger.engines.openvino import OpenVinoEngine
from tagger.engines.torch import TorchEngine
from tagger.errors import EngineUnavailable
from tagger.types import Tagged
from training.dataset import Photos, batches, photos
from training.prepare import Split
from training.run import Run

BATCH = 32
TOP = 5

Figures = dict[str, float | int]


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a network said, (N, outputs), and what was right, (N,)."""

    logits: NDArray[np.float32]
    labels: NDArray[np.int64]


def evaluate(run: Run, splits: Sequence[Split] = ("val", "test")) -> dict[str, Figures]:
    """Measure the run's calibrated bundle and write the figures to its `metrics.json`."""
    bundle = open_bundle(run.needed(run.bundle, "calibrate"))
    measured: dict[str, Figures] = {split: _measure(run, bundle, split) for split in splits}
    run.metrics.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    for split, found in measured.items():
        run.log(stage="evaluate", split=split, **found)
    return measured


def infer(engine: Engine, dataset: Photos, workers: int) -> Outputs:
    """Every photo of a set through an engine."""
    logits, labels = [], []
    for pixels, targets in tqdm(batches(dataset, BATCH, workers), desc=f"{engine.info.name} {engine.info.precision}"):
        logits.append(engine.logits(pixels.numpy()))  # (B, outputs)
        labels.append(targets.numpy())  # (B,)
    return Outputs(np.concatenate(logits), np.concatenate(labels))  # (N, outputs), (N,)


def figures(card: Card, outputs: Outputs) -> Figures:
    """How often the answers are right, decided by the code that answers users.

    Returns:
        Shares of the landmark photos (``top1``, ``top5``, ``tagged``, ``rightly_tagged``), of the tagged landmark
        photos (``tags_right``) and of the negatives (``negatives_tagged``), and the number of photos.
    """
    ids = [entry.id for entry in card.classes]
    truth = [ids[label] if label < len(ids) else "" for label in outputs.labels]
    answers = [answer(row, card, TOP) for row in probabilities(outputs.logits, card.temperature)]
    ranked = [[s.landmark.id for s in given.suggestions] for given in answers]
    first = np.array([names[0] == right for names, right in zip(ranked, truth, strict=True)])  # (N,)
    among = np.array([right in names for names, right in zip(ranked, truth, strict=True)])  # (N,)
    tagged = np.array([isinstance(given, Tagged) for given in answers])  # (N,)
    is_landmark = outputs.labels < len(ids)  # (N,)
    return {
        "landmark_photos": int(is_landmark.sum()),
        "negative_photos": int((~is_landmark).sum()),
        "top1": _share(first[is_landmark]),
        "top5": _share(among[is_landmark]),
        "tagged": _share(tagged[is_landmark]),
        "rightly_tagged": _share((tagged & first)[is_landmark]),
        "tags_right": _share(first[is_landmark & tagged]),
        "negatives_tagged": _share(tagged[~is_landmark]),
    }


def agreement(card: Card, one: Outputs, other: Outputs) -> float:
    """Share of the landmark photos whose first suggestion is the same."""
    known = len(card.classes)
    is_landmark = one.labels < known  # (N,)
    same = one.logits[:, :known].argmax(1) == other.logits[:, :known].argmax(1)  # (N,)
    return _share(same[is_landmark])


def _measure(run: Run, bundle: Bundle, split: Split) -> Figures:
    dataset, workers = photos(run, run.entries(split)), run.recipe.workers
    exact = infer(OpenVinoEngine(bundle, precision="float32"), dataset, workers)
    reference = infer(TorchEngine(bundle, precision="float32"), dataset, workers)
    found = figures(bundle.card, exact) | {"torch_top1_agreement": agreement(bundle.card, exact, reference)}
    try:
        engine = OpenVinoEngine(bundle, precision="bfloat16")
    except EngineUnavailable:
        return found  # this processor cannot tell, so the card will not allow it
    halved = infer(engine, dataset, workers)
    return found | {
        "bfloat16_top1_agreement": agreement(bundle.card, exact, halved),
        "bfloat16_negatives_tagged": figures(bundle.card, halved)["negatives_tagged"],
    }


def _share(values: NDArray[np.bool_]) -> float:
    return round(float(values.mean()), 4) if len(values) else 0.0

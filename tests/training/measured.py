"""A run's files as the steps of training write them, with figures that nobody measured."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from tests.drawn import COLOURS
from training.fit.experiment import Experiment, begin_experiment

SHARES = {
    "top1": 0.75,
    "top3": 0.9,
    "top5": 1.0,
    "tagged": 0.7,
    "rightly_tagged": 0.65,
    "tags_right": 0.93,
    "negatives_tagged": 0.05,
    "coverage_at_95": 0.6,
    "coverage_at_99": 0.4,
}
FIGURES: dict[str, Any] = {
    "landmark_photos": 9,
    "negative_photos": 3,
    **SHARES,
    "gap": 0.8,
    "ece_before": 0.2,
    "ece": 0.03,
}
TAGGED = [0.7, 0.6, 0.8]
CATEGORIES: dict[str, Any] = {
    "seen_sources": {"photos": 1200, "tagged": TAGGED, "top1": [0.75, 0.7, 0.8], "rightly_tagged": [0.65, 0.6, 0.7],
                     "tags_right": [0.93, 0.9, 0.95]},
    "unseen_sources": {"photos": 0, "tagged": None, "top1": None, "rightly_tagged": None, "tags_right": None},
    "sight": {"photos": 40, "tagged": [0.28, 0.25, 0.31]},
    "ordinary": {"photos": 30, "tagged": [0.0, 0.0, 0.11]},
    "document": {"photos": 0, "tagged": None},
}  # fmt: skip
STRICTER = [
    {"min_score": score, "rightly_tagged": 0.65 - score / 10, "tags_right": 0.93, "sight_tagged": 0.28,
     "ordinary_tagged": 0.0, "document_tagged": None}
    for score in (0.0, 0.5, 0.8)
]  # fmt: skip
SIGHTS = {
    "castles": {"photos": 10, "tagged": 4},
    "coasts": {"photos": 20, "tagged": 2},
    "one": {"photos": 1, "tagged": 1},
}
KINDS = {"fog": {"photos": 3, "tagged": 1}}
EPOCHS = [
    {"stage": "train", "epoch": n, "loss": 4.0 / n, "val_top1": 0.2 * n, "photos_a_second": 100.0, "device": "CPU"}
    for n in (1, 2, 3)
]
WAYS = {
    "ways": [
        {"name": "probability", "what": "score < threshold", "rightly_tagged": 0.65, "rightly_tagged_low": 0.6,
         "rightly_tagged_high": 0.7, "tags_right": 0.93, "negatives_tagged": 0.05, "auroc": 0.9, "gap": 0.8},
    ],
    "best": "probability",
}  # fmt: skip
SOURCES = {
    "folds": [{"name": "1", "left_out": ["drawn"], "landmark_photos": 9, "negative_photos": 3, "top1": 0.5,
               "rightly_tagged": 0.4, "negatives_tagged": 0.1}],
    "all": {"landmark_photos": 9, "negative_photos": 3, "top1": 0.5, "rightly_tagged": 0.4, "negatives_tagged": 0.1},
}  # fmt: skip


def details(experiment: Experiment) -> dict[str, Any]:
    photo = next(entry.path for entry in experiment.entries("test") if entry.landmark == "red_rock")
    return {
        "categories": CATEGORIES,
        "stricter": STRICTER,
        "sights_by_source": SIGHTS,
        "intervals": {name: [round(value - 0.02, 4), round(value + 0.01, 4)] for name, value in SHARES.items()},
        "per_class": [
            {"id": name, "photos": 3, "top1": n / 3, "tagged": 0.6, "rightly_tagged": n / 4, "threshold": 0.5}
            for n, name in enumerate(COLOURS, start=1)
        ],
        "confusions": [{"truth": "red_rock", "said": "blue_lake", "count": 2, "photos": [str(photo), "gone.jpg"]}],
        "reliability": {"before": _bins(0.1), "after": _bins(0.0)},
        "risk_coverage": [[0.1, 1.0], [0.5, 0.97], [0.8, 0.9], [1.0, 0.7]],
        "negatives_by_kind": KINDS,
        "robustness": {"jpeg_30": {**SHARES, "top1": 0.72, "landmarks_flipped": 0.031, "negatives_flipped": 0.012}},
    }


def measure(experiment: Experiment, **changes: float) -> Experiment:
    """Write what `fit` and `evaluate` write into the run's folder.

    Args:
        changes: to the test split's figures.
    """
    write(experiment, "metrics.json", {"val": FIGURES, "test": FIGURES | changes})
    write(experiment, "details.json", {"test": details(experiment)})
    lines = [*EPOCHS, {"stage": "fitted", "minutes": 12.0, "resumed": False, "device": "CPU"}]
    (experiment.folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return experiment


def write(experiment: Experiment, name: str, content: object) -> None:
    (experiment.folder / name).write_text(json.dumps(content))


def renamed(experiment: Experiment, name: str, **recipe: Any) -> Experiment:
    """Another run on the same photos, begun."""
    runs = experiment.folder.parent
    return begin_experiment(replace(experiment.recipe, name=name, **recipe), runs / "data", runs)


def _bins(off: float) -> list[dict[str, float]]:
    middles = [(n + 0.5) / 15 for n in range(15)]
    return [{"count": n, "confidence": x, "accuracy": max(0.0, x - off)} for n, x in enumerate(middles)]

"""Breakdowns by landmark, confused pair, score bin and kind of negative."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import asdict
from typing import Any

import numpy as np

from tagger.model.card import LandmarkClass
from training.data.manifest import Entry
from training.evaluate.categories import figures_by_category, sights_by_source, stricter_thresholds
from training.evaluate.metrics import Floats, Predictions, confusions, intervals, ratio, reliability, risk_coverage

PHOTOS_A_PAIR = 4
CURVE_POINTS = 200

Json = dict[str, Any]


def breakdowns(
    predictions: Predictions,
    raw: Floats,
    classes: Sequence[LandmarkClass],
    entries: Sequence[Entry],
    training_sources: Set[str],
) -> Json:
    """The breakdowns of a split in `details.json`.

    Args:
        predictions: calibrated.
        raw: (N,), the first suggestions' scores before calibration.
        entries: the photos, in the same order.
        training_sources: the sources of the training photos.
    """
    return {
        "categories": figures_by_category(predictions, entries, training_sources),
        "stricter": stricter_thresholds(predictions, entries),
        "intervals": {name: [round(end, 4) for end in ends] for name, ends in intervals(predictions).items()},
        "per_class": [_of_class(predictions, index, landmark) for index, landmark in enumerate(classes)],
        "confusions": _confusions(predictions, classes, entries),
        "reliability": {"before": _bins(raw, predictions), "after": _bins(predictions.score, predictions)},
        "risk_coverage": _curve(predictions),
        "negatives_by_kind": _by_kind(predictions, entries),
        "sights_by_source": sights_by_source(predictions, entries),
    }


def _of_class(predictions: Predictions, index: int, landmark: LandmarkClass) -> Json:
    own = predictions.truth == index  # (N,)
    return {
        "id": landmark.id,
        "photos": int(own.sum()),
        "top1": _rounded(ratio(predictions.correct[own])),
        "tagged": _rounded(ratio(predictions.tagged[own])),
        "rightly_tagged": _rounded(ratio((predictions.tagged & predictions.correct)[own])),
        "threshold": landmark.threshold,
    }


def _confusions(predictions: Predictions, classes: Sequence[LandmarkClass], entries: Sequence[Entry]) -> list[Json]:
    return [
        {
            "truth": classes[pair.truth].id,
            "said": classes[pair.predicted].id,
            "count": len(pair.rows),
            "photos": [str(entries[row].path) for row in pair.rows[:PHOTOS_A_PAIR]],
        }
        for pair in confusions(predictions)
    ]


def _bins(score: Floats, predictions: Predictions) -> list[Json]:
    bins = reliability(score, predictions.correct)
    return [{name: _rounded(value) for name, value in asdict(b).items()} for b in bins]


def _curve(predictions: Predictions) -> list[list[float]]:
    """[coverage, precision] at thresholds from high to low, with only as many points as a plot can show."""
    coverage, precision = risk_coverage(predictions)
    points = np.unique(np.linspace(0, len(coverage) - 1, CURVE_POINTS).round().astype(int))  # (P,)
    return [[_rounded(float(coverage[at])), _rounded(float(precision[at]))] for at in points]


def _by_kind(predictions: Predictions, entries: Sequence[Entry]) -> dict[str, dict[str, int]]:
    kinds: dict[str, dict[str, int]] = {}
    for entry, tagged in zip(entries, predictions.tagged, strict=True):
        if entry.landmark is None:
            counts = kinds.setdefault(entry.label, {"photos": 0, "tagged": 0})
            counts["photos"] += 1
            counts["tagged"] += int(tagged)
    return dict(sorted(kinds.items()))


def _rounded(value: float) -> float:
    return value if isinstance(value, int) else round(value, 4)

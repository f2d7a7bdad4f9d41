"""What is too long for a table of figures: per landmark, per pair, per bin, per kind of negative.

The one rule: everything here is counted from answers that were given already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from tagger.model.card import LandmarkClass
from training.data.manifest import Entry
from training.evaluate.metrics import Answers, Floats, confusions, intervals, ratio, reliability, risk_coverage

PHOTOS_A_PAIR = 4
POINTS = 200

Json = dict[str, Any]


def breakdowns(answers: Answers, raw: Floats, classes: Sequence[LandmarkClass], entries: Sequence[Entry]) -> Json:
    """As JSON; see `training.evaluate.evaluate`.

    Args:
        answers: calibrated.
        raw: (N,), the first suggestions' scores before calibration.
        entries: the photos, in the same order.
    """
    return {
        "intervals": {name: [round(end, 4) for end in ends] for name, ends in intervals(answers).items()},
        "per_class": [_of_class(answers, index, entry) for index, entry in enumerate(classes)],
        "confusions": _confusions(answers, classes, entries),
        "reliability": {"before": _bins(raw, answers), "after": _bins(answers.score, answers)},
        "risk_coverage": _curve(answers),
        "negatives_by_kind": _by_kind(answers, entries),
    }


def _of_class(answers: Answers, index: int, entry: LandmarkClass) -> Json:
    own = answers.truth == index  # (N,)
    return {
        "id": entry.id,
        "photos": int(own.sum()),
        "top1": _rounded(ratio(answers.right[own])),
        "tagged": _rounded(ratio(answers.tagged[own])),
        "rightly_tagged": _rounded(ratio((answers.tagged & answers.right)[own])),
        "threshold": entry.threshold,
    }


def _confusions(answers: Answers, classes: Sequence[LandmarkClass], entries: Sequence[Entry]) -> list[Json]:
    return [
        {
            "truth": classes[pair.truth].id,
            "said": classes[pair.said].id,
            "count": len(pair.rows),
            "photos": [str(entries[row].path) for row in pair.rows[:PHOTOS_A_PAIR]],
        }
        for pair in confusions(answers)
    ]


def _bins(score: Floats, answers: Answers) -> list[Json]:
    return [{name: _rounded(value) for name, value in asdict(one).items()} for one in reliability(score, answers.right)]


def _curve(answers: Answers) -> list[list[float]]:
    """[coverage, precision] at thresholds from high to low, no more points than a plot shows."""
    coverage, precision = risk_coverage(answers)
    shown = np.unique(np.linspace(0, len(coverage) - 1, POINTS).round().astype(int))  # (P,)
    return [[_rounded(float(coverage[at])), _rounded(float(precision[at]))] for at in shown]


def _by_kind(answers: Answers, entries: Sequence[Entry]) -> dict[str, dict[str, int]]:
    kinds: dict[str, dict[str, int]] = {}
    for entry, tagged in zip(entries, answers.tagged, strict=True):
        if entry.landmark is None:
            counts = kinds.setdefault(entry.label, {"photos": 0, "tagged": 0})
            counts["photos"] += 1
            counts["tagged"] += int(tagged)
    return dict(sorted(kinds.items()))


def _rounded(value: float) -> float:
    return value if isinstance(value, int) else round(value, 4)

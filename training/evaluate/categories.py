"""Figures by what people have: landmarks that the bundle knows, other sights, ordinary photos, documents."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any, Literal

import numpy as np

from training.data.kinds import AUDIENCES, Audience, audience
from training.data.manifest import Entry
from training.evaluate.metrics import Flags, Predictions, wilson

Json = dict[str, Any]
Category = Literal["seen_sources", "unseen_sources"] | Audience

CATEGORIES: tuple[Category, ...] = ("seen_sources", "unseen_sources", *AUDIENCES)
MIN_SCORES = (0.5, 0.6, 0.7, 0.8, 0.9)


def category(entry: Entry, training_sources: Set[str]) -> Category:
    """The category of a photo; landmark photos are divided by whether training saw photos of their source."""
    if entry.landmark is None:
        return audience(entry.label)
    return "seen_sources" if entry.source in training_sources else "unseen_sources"


def figures_by_category(
    predictions: Predictions, entries: Sequence[Entry], training_sources: Set[str]
) -> dict[str, Json]:
    """The figures of each category, with their Wilson intervals.

    Returns:
        For each category the number of ``photos`` and each figure as [value, low, high], or None where there is no
        photo to measure it on: ``tagged``, and for landmarks also ``top1``, ``rightly_tagged`` and ``tags_right``.
    """
    photos = np.array([category(entry, training_sources) for entry in entries])  # (N,)
    tagged, correct = predictions.tagged, predictions.correct  # (N,) each
    found: dict[str, Json] = {}
    for name in CATEGORIES:
        own = photos == name  # (N,)
        found[name] = {"photos": int(own.sum()), "tagged": _figure(tagged[own])}
        if name not in AUDIENCES:
            found[name]["top1"] = _figure(correct[own])
            found[name]["rightly_tagged"] = _figure((tagged & correct)[own])
            found[name]["tags_right"] = _figure(correct[own & tagged])
    return found


def stricter_thresholds(predictions: Predictions, entries: Sequence[Entry]) -> list[Json]:
    """What a minimum score for all landmarks, besides their own thresholds, would do; the first row has none.

    Returns:
        Rates, or None where there is no photo to measure one on.
    """
    landmark = predictions.is_landmark  # (N,)
    photos = {name: np.array([e.landmark is None and audience(e.label) == name for e in entries]) for name in AUDIENCES}
    rows: list[Json] = []
    for min_score in (0.0, *MIN_SCORES):
        tagged = predictions.tagged & (predictions.score >= min_score)  # (N,)
        rows.append(
            {
                "min_score": min_score,
                "rightly_tagged": _rate((tagged & predictions.correct)[landmark]),
                "tags_right": _rate(predictions.correct[tagged & landmark]),
                **{f"{name}_tagged": _rate(tagged[own]) for name, own in photos.items()},
            }
        )
    return rows


def sights_by_source(predictions: Predictions, entries: Sequence[Entry]) -> dict[str, dict[str, int]]:
    """How many of each source's other sights are tagged."""
    sources: dict[str, dict[str, int]] = {}
    for entry, tagged in zip(entries, predictions.tagged, strict=True):
        if entry.landmark is None and entry.source and audience(entry.label) == "sight":
            counts = sources.setdefault(entry.source, {"photos": 0, "tagged": 0})
            counts["photos"] += 1
            counts["tagged"] += int(tagged)
    return dict(sorted(sources.items()))


def _figure(values: Flags) -> list[float] | None:
    """The fraction of true values with the ends of its interval."""
    if not len(values):
        return None
    low, high = wilson(values)
    return [round(end, 4) for end in (float(values.mean()), low, high)]


def _rate(values: Flags) -> float | None:
    return round(float(values.mean()), 4) if len(values) else None

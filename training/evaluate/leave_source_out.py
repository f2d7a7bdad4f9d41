"""How well landmarks are recognised in photos from collections that training never saw: `sources.json`.

A test split from the same collections shares their cameras, crops and taste. Here each fold leaves out whole
collections, for every landmark that other collections show as well, and whole kinds of negatives. The model trained on
the rest is tested on what was left out.

The one rule: a photo is tested by a model that saw no photo of its source (or no negative of its kind), not even for
calibration.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tagger.model.engines.openvino import OpenVinoEngine
from tagger.model.inference import probabilities
from training.data.kinds import audience
from training.data.manifest import DataError, Entry, write_manifest
from training.evaluate.calibrate import calibrate
from training.evaluate.evaluate import Figures, figures, infer
from training.evaluate.metrics import Flags, Floats
from training.fit.dataset import photo_dataset
from training.fit.experiment import Experiment, begin_experiment
from training.fit.fit import fit
from training.fit.recipe_file import with_overrides

FOLDS = 3
MIN_TRAINING_PHOTOS = 10  # of a landmark that must remain if photos of it are left out
ALLOWED_NEGATIVES = 0.03
LANDMARK_FIGURES = ("top1", "top5", "tagged", "rightly_tagged")

Pair = tuple[str, str]  # source and landmark


@dataclass(frozen=True, slots=True)
class Fold:
    """The photos that one model does not see.

    Args:
        pairs: source and landmark whose photos are left out.
        kinds: of negatives that are left out.
    """

    pairs: frozenset[Pair]
    kinds: frozenset[str]

    def leaves_out(self, entry: Entry) -> bool:
        if entry.landmark is None:
            return entry.label in self.kinds
        return (entry.source, entry.landmark) in self.pairs


@dataclass(frozen=True, slots=True)
class FoldResult:
    """A fold's figures, and of each photo the best score, whether it is right, a negative, another sight."""

    names: list[str]
    figures: Figures
    score: Floats
    correct: Flags
    is_negative: Flags
    is_sight: Flags


def leave_source_out(experiment: Experiment, changes: Sequence[str] = ()) -> dict[str, object]:
    """Train a model for each fold and write `sources.json`.

    Args:
        changes: to the recipe, such as ``train.epochs=4`` to save time; the file lists them.

    Raises:
        DataError: no landmark comes from two sources.
    """
    entries = [entry for split in ("train", "val", "test") for entry in experiment.entries(split)]
    results = [_measure(experiment, fold, number, entries, changes) for number, fold in enumerate(draw_folds(entries))]
    pooled = pooled_figures(results)
    found = {
        "changes": list(changes),
        "folds": [
            {"name": str(number), "left_out": result.names, **result.figures}
            for number, result in enumerate(results, start=1)
        ],
        "all": pooled,
    }
    (experiment.folder / "sources.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    experiment.log(stage="sources", **pooled)
    return found


def draw_folds(entries: Sequence[Entry]) -> list[Fold]:
    """Sources and kinds of negatives in folds.

    The largest source first, each goes to the fold whose sources have the fewest photos of its landmarks, so that
    different folds leave out different sources of a landmark.

    Raises:
        DataError: no landmark comes from two sources.
    """
    counts = Counter((e.source, e.landmark) for e in entries if e.landmark and e.source)
    landmarks: dict[str, set[str]] = defaultdict(set)
    for source, landmark in counts:
        landmarks[source].add(landmark)
    sizes = {source: sum(counts[source, landmark] for landmark in landmarks[source]) for source in landmarks}
    folds: list[set[str]] = [set() for _ in range(FOLDS)]
    for source in sorted(landmarks, key=lambda name: (-sizes[name], name)):
        shared = [sum(counts[s, mark] for s in fold for mark in landmarks[source] & landmarks[s]) for fold in folds]
        loads = [sum(sizes[s] for s in fold) for fold in folds]
        folds[min(range(FOLDS), key=lambda n: (shared[n], loads[n]))].add(source)
    kinds = sorted({e.label for e in entries if e.landmark is None})
    drawn = [Fold(_testable(entries, fold), frozenset(kinds[n::FOLDS])) for n, fold in enumerate(folds)]
    if not any(fold.pairs for fold in drawn):
        raise DataError(
            "No landmark comes from two sources, so none can be left out. Fill in the manifest's column source."
        )
    return [fold for fold in drawn if fold.pairs]


def _testable(entries: Sequence[Entry], sources: set[str]) -> frozenset[Pair]:
    """The pairs of these sources that leave enough training photos of the landmark."""
    left = Counter(e.landmark for e in entries if e.split == "train" and e.source not in sources)
    pairs = {(e.source, e.landmark) for e in entries if e.landmark and e.source in sources}
    return frozenset((source, landmark) for source, landmark in pairs if left[landmark] >= MIN_TRAINING_PHOTOS)


def _measure(
    experiment: Experiment, fold: Fold, number: int, entries: Sequence[Entry], changes: Sequence[str]
) -> FoldResult:
    own = _fold_experiment(experiment, fold, number, entries, changes)
    if not own.weights.exists():
        fit(own, resume=True)
    bundle = calibrate(own)
    engine = OpenVinoEngine(bundle, precision="float32")
    entries = own.entries("test")
    outputs = infer(engine, photo_dataset(own, entries), own.recipe.workers)
    landmarks = len(own.classes)
    scores = probabilities(outputs.logits, bundle.card.temperature)[:, :landmarks]  # (N, landmarks)
    return FoldResult(
        names=sorted({source for source, _ in fold.pairs}) + sorted(fold.kinds),
        figures=figures(bundle.card, outputs),
        score=scores.max(1),
        correct=scores.argmax(1) == outputs.labels,
        is_negative=(is_negative := outputs.labels == landmarks),
        is_sight=is_negative & [audience(entry.label) == "sight" for entry in entries],
    )


def _fold_experiment(
    experiment: Experiment, fold: Fold, number: int, entries: Sequence[Entry], changes: Sequence[str]
) -> Experiment:
    folder = experiment.folder / "sources"
    kept = [entry for entry in entries if entry.split != "test" and not fold.leaves_out(entry)]
    left_out = [replace(entry, split="test") for entry in entries if fold.leaves_out(entry)]
    data = folder / f"data-{number}"
    write_manifest(data / "manifest.csv", [*kept, *left_out])
    recipe = with_overrides(experiment.recipe, changes)
    fingerprint = hashlib.sha256(recipe.fingerprint.encode()).hexdigest()[:8]  # so that old weights are not reused
    return begin_experiment(replace(recipe, name=f"fold-{number}-{fingerprint}"), data, folder)


def pooled_figures(results: Sequence[FoldResult]) -> Figures:
    """All folds as one test: at their own thresholds, and at the scores that 3 % of the unseen negatives reach, and 3 %
    of the other sights among them."""
    score = np.concatenate([result.score for result in results])  # (N,)
    correct = np.concatenate([result.correct for result in results])  # (N,)
    negative = np.concatenate([result.is_negative for result in results])  # (N,)
    sight = np.concatenate([result.is_sight for result in results])  # (N,)

    def rightly_tagged(limited: Flags) -> float:
        threshold = np.quantile(score[limited], 1 - ALLOWED_NEGATIVES) if limited.any() else 0.0
        return round(float(((score > threshold) & correct)[~negative].mean()), 4)

    return {
        "landmark_photos": sum(int(result.figures["landmark_photos"]) for result in results),
        "negative_photos": sum(int(result.figures["negative_photos"]) for result in results),
        **{name: _mean(results, name, "landmark_photos") for name in LANDMARK_FIGURES},
        "negatives_tagged": _mean(results, "negatives_tagged", "negative_photos"),
        "rightly_tagged_at_3_percent": rightly_tagged(negative),
        "rightly_tagged_at_3_percent_of_sights": rightly_tagged(sight),
    }


def _mean(results: Sequence[FoldResult], name: str, photos: str) -> float:
    """The mean of a figure over the folds, weighted by their photos."""
    total = sum(result.figures[name] * result.figures[photos] for result in results)
    return round(total / max(1, sum(result.figures[photos] for result in results)), 4)

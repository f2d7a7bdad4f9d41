"""How well landmarks are known in photos from collections that training never saw.

A test split drawn from the same collections shares their cameras, crops and taste. Here whole collections are left
out in turn, for every landmark that others show as well, and whole kinds of negatives with them; the model that trains
on the rest is tested on what was left out.

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
from numpy.typing import NDArray

from tagger.model.bundle import open_bundle
from tagger.model.calibrate import probabilities
from tagger.model.engines.openvino import OpenVinoEngine
from training.data.manifest import DataError, Entry, write_manifest
from training.evaluate.calibrate import calibrate
from training.evaluate.evaluate import Figures, figures, infer
from training.fit.dataset import photos
from training.fit.experiment import Experiment, begin_experiment
from training.fit.fit import fit
from training.fit.recipe import with_overrides

FOLDS = 3
FEWEST_LEFT = 10  # training photos of a landmark that must remain for it to count as known
ALLOWED_NEGATIVES = 0.03

Pair = tuple[str, str]  # of source and landmark


@dataclass(frozen=True, slots=True)
class Fold:
    """What one model does not see.

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


def leave_out(run: Experiment, changes: Sequence[str] = ()) -> dict[str, object]:
    """Train a model for each fold and write `sources.json` into the run's folder.

    Args:
        changes: to the run's recipe, such as ``train.epochs=4`` where time is short; they are written down.

    Raises:
        DataError: no landmark comes from two sources.
    """
    entries = [entry for split in ("train", "val", "test") for entry in run.entries(split)]
    folds = draw_folds(entries)
    measured = [_measure(run, fold, number, entries, changes) for number, fold in enumerate(folds)]
    found = {
        "changes": list(changes),
        "folds": [row for row, *_ in measured],
        "all": _pooled(measured),
    }
    (run.folder / "sources.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    run.log(stage="sources", **_pooled(measured))
    return found


def draw_folds(entries: Sequence[Entry]) -> list[Fold]:
    """Sources and kinds of negatives in folds.

    A source goes where it shares the fewest photos' landmarks with those already there, the largest first, so that a
    landmark is left out by different sources in different folds.

    Raises:
        DataError: no landmark comes from two sources.
    """
    counts = Counter((e.source, e.landmark) for e in entries if e.landmark and e.source)
    shown: dict[str, set[str]] = defaultdict(set)
    for source, landmark in counts:
        shown[source].add(landmark)
    sizes = {source: sum(counts[source, landmark] for landmark in shown[source]) for source in shown}
    folds: list[set[str]] = [set() for _ in range(FOLDS)]
    for source in sorted(shown, key=lambda name: (-sizes[name], name)):
        shared = [sum(counts[s, mark] for s in fold for mark in shown[source] & shown[s]) for fold in folds]
        loads = [sum(sizes[s] for s in fold) for fold in folds]
        folds[min(range(FOLDS), key=lambda n: (shared[n], loads[n]))].add(source)
    kinds = sorted({e.label for e in entries if e.landmark is None})
    drawn = [Fold(_testable(entries, fold), frozenset(kinds[n::FOLDS])) for n, fold in enumerate(folds)]
    if not any(fold.pairs for fold in drawn):
        raise DataError("No landmark comes from two sources, so none can be left out. Fill the manifest's sources.")
    return [fold for fold in drawn if fold.pairs]


def _testable(entries: Sequence[Entry], sources: set[str]) -> frozenset[Pair]:
    """The pairs of some sources without which enough training photos of the landmark remain."""
    left = Counter(e.landmark for e in entries if e.split == "train" and e.source not in sources)
    pairs = {(e.source, e.landmark) for e in entries if e.landmark and e.source in sources}
    return frozenset((source, landmark) for source, landmark in pairs if left[landmark] >= FEWEST_LEFT)


Measured = tuple[dict[str, object], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]


def _measure(run: Experiment, fold: Fold, number: int, entries: Sequence[Entry], changes: Sequence[str]) -> Measured:
    """A fold's figures, and of its photos the best score, whether it is right, and whether it is a negative."""
    own = _fold_run(run, fold, number, entries, changes)
    if not own.weights.exists():
        fit(own, resume=True)
    bundle = calibrate(own)
    engine = OpenVinoEngine(bundle, precision="float32")
    outputs = infer(engine, photos(own, own.entries("test")), own.recipe.workers)
    known = len(run.classes)
    scores = probabilities(outputs.logits, open_bundle(own.bundle).card.temperature)[:, :known]  # (N, landmarks)
    right = scores.argmax(1) == outputs.labels  # (N,)
    row: dict[str, object] = {
        "name": str(number + 1),
        "left_out": sorted({source for source, _ in fold.pairs}) + sorted(fold.kinds),
        **figures(bundle.card, outputs),
    }
    return row, scores.max(1), right, outputs.labels == known


def _fold_run(run: Experiment, fold: Fold, number: int, entries: Sequence[Entry], changes: Sequence[str]) -> Experiment:
    folder = run.folder / "sources"
    kept = [entry for entry in entries if entry.split != "test" and not fold.leaves_out(entry)]
    held = [replace(entry, split="test") for entry in entries if fold.leaves_out(entry)]
    data = folder / f"data-{number}"
    write_manifest(data / "manifest.csv", [*kept, *held])
    recipe = with_overrides(run.recipe, changes)
    made_by = hashlib.sha256(recipe.what_trains.encode()).hexdigest()[:8]  # other changes never meet old weights
    return begin_experiment(replace(recipe, name=f"fold-{number}-{made_by}"), data, folder)


def _pooled(measured: Sequence[Measured]) -> Figures:
    """All folds as one test: at their own thresholds, and at the score that 3 % of the unseen negatives reach."""
    rows = [row for row, *_ in measured]
    scores, right, negative = (np.concatenate([part[n] for part in measured]) for n in (1, 2, 3))  # (N,) each
    allowed = np.quantile(scores[negative], 1 - ALLOWED_NEGATIVES) if negative.any() else 0.0
    tagged = scores > allowed  # (N,)
    weights = {
        name: sum(int(str(row[count])) for row in rows)
        for name, count in (("landmark", "landmark_photos"), ("negative", "negative_photos"))
    }

    def mean(key: str, count: str) -> float:
        total = sum(float(str(row[key])) * int(str(row[count])) for row in rows)
        return round(total / max(1, sum(int(str(row[count])) for row in rows)), 4)

    return {
        "landmark_photos": weights["landmark"],
        "negative_photos": weights["negative"],
        "top1": mean("top1", "landmark_photos"),
        "top5": mean("top5", "landmark_photos"),
        "tagged": mean("tagged", "landmark_photos"),
        "rightly_tagged": mean("rightly_tagged", "landmark_photos"),
        "negatives_tagged": mean("negatives_tagged", "negative_photos"),
        "rightly_tagged_at_3_percent": round(float((tagged & right)[~negative].mean()), 4),
    }

"""Add a small network to a bundle as its first look.

The one rule: where the small network is sure is chosen on the validation split, so that it drops almost no tag of the
large one, and only measured on the test split.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from tagger.model.bundle import Bundle, open_bundle, write_bundle
from tagger.model.card import FIRST_LOOK, Card, FirstLookCard
from tagger.model.engines.openvino import OpenVinoEngine
from training.data.kinds import AUDIENCES, audience
from training.data.manifest import DataError, Entry, Split
from training.evaluate.evaluate import infer, predictions
from training.evaluate.metrics import Flags, Floats, ratio
from training.fit.dataset import photo_dataset
from training.fit.experiment import Experiment
from training.publish.provenance import provenance

# 99.7 % is promised; with a few hundred validation tags that is precise only to a photo or two.
MIN_AGREEMENT = 0.9985
STEPS = 10_000  # of the rule, between 0 and 1


@dataclass(frozen=True, slots=True)
class Looks:
    """What both networks answer for the photos of a split.

    Args:
        shown: (N,), "landmark", or the kind of photo without one.
        best: (N,), the small network's best score.
        tagged: (N,), whether the large network tags the photo.
    """

    shown: NDArray[np.str_]
    best: Floats
    tagged: Flags


def add_first_look(student: Experiment, bundle: Bundle) -> Bundle:
    """Write a calibrated student into a bundle, with its rule and its figures.

    Raises:
        DataError: the student was not calibrated, or has other landmarks or another input than the bundle.
    """
    small = open_bundle(student.require(student.bundle, "calibrate"))
    _check_same(small.card, bundle.card)
    looks = {split: _looks(student, small, bundle, split) for split in get_args(Split) if split != "train"}
    none_below = choose_none_below(looks["val"], min(bundle.card.thresholds.values()))
    metrics = {split: agreement_figures(both, none_below) for split, both in looks.items()}
    first = FirstLookCard(small.card.network, small.card.temperature, none_below, metrics)
    files = {name: bundle.file(name).read_bytes() for name in bundle.card.files if not name.startswith(FIRST_LOOK)}
    files |= {f"{FIRST_LOOK}/{name}": small.file(name).read_bytes() for name in small.card.files}
    table = {"none_below": none_below, **metrics}
    (student.folder / "first_look.json").write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
    student.log(stage="first look", none_below=none_below, **{f"{name}_val": v for name, v in metrics["val"].items()})
    origin = bundle.card.provenance | {FIRST_LOOK: provenance(student)}
    return write_bundle(bundle.folder, replace(bundle.card, first_look=first, provenance=origin), files)


def choose_none_below(looks: Looks, lowest_threshold: float) -> float:
    """The highest score below which the small network drops few enough of the large one's tags.

    Returns:
        A multiple of 0.0001, at most `lowest_threshold`.
    """
    tags = np.sort(looks.best[looks.tagged])  # (T,)
    may_drop = int((1 - MIN_AGREEMENT) * len(tags))
    highest = min(lowest_threshold, float(tags[may_drop])) if len(tags) else 0.0
    return math.floor(highest * STEPS) / STEPS


def agreement_figures(looks: Looks, none_below: float) -> dict[str, JsonValue]:
    """How well two looks agree with the large network alone, and how often the first one suffices.

    Returns:
        ``tags``, the large network's; ``agreement``, the fraction of them that stay; and the fraction of the photos
        that the first look answers: ``landmark_answered``, ``sight_answered`` and so on.
    """
    is_sure = looks.best < none_below  # (N,)
    figures: dict[str, JsonValue] = {
        "tags": int(looks.tagged.sum()),
        "agreement": round(1 - ratio(is_sure[looks.tagged]), 4),
    }
    kinds = [kind for kind in ("landmark", *AUDIENCES) if (looks.shown == kind).any()]
    return figures | {f"{kind}_answered": round(ratio(is_sure[looks.shown == kind]), 4) for kind in kinds}


def _looks(student: Experiment, small: Bundle, large: Bundle, split: Split) -> Looks:
    """Both, in the engine and precision that a CPU uses for this bundle."""
    entries = student.entries(split)
    dataset, workers = photo_dataset(student, entries), student.recipe.workers
    as_shipped = replace(small, card=replace(small.card, bfloat16=large.card.bfloat16))
    first = predictions(small.card, infer(OpenVinoEngine(as_shipped), dataset, workers))
    full = predictions(large.card, infer(OpenVinoEngine(large), dataset, workers))
    return Looks(np.array([_shown(entry) for entry in entries]), first.score, full.tagged)


def _shown(entry: Entry) -> str:
    return "landmark" if entry.landmark else audience(entry.label)


def _check_same(small: Card, large: Card) -> None:
    if [c.id for c in small.classes] != [c.id for c in large.classes] or small.outputs != large.outputs:
        raise DataError(
            "The first look and the bundle have different landmarks. Train it with the bundle as its teacher."
        )
    if small.input != large.input:
        raise DataError(f"The first look has a different input from the bundle, which takes {large.input}.")

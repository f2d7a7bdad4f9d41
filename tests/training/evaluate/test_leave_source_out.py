"""Whole sources are left out, and a photo is tested by a model that never saw its source."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from training.data.manifest import DataError, Entry, load_manifest, write_manifest
from training.evaluate.leave_source_out import FoldResult, draw_folds, leave_source_out, pooled_figures
from training.fit.experiment import Experiment, begin_experiment

numbers = count()


def taken(number: int, landmark: str, source: str, split: str = "train") -> Iterator[Entry]:
    for _ in range(number):
        name = f"{next(numbers)}"
        yield Entry(Path(f"/{name}.jpg"), name, split, "landmark", landmark, "", 9, 9, source)  # type: ignore[arg-type]


def refused(number: int, kind: str) -> Iterator[Entry]:
    for _ in range(number):
        name = f"{next(numbers)}"
        yield Entry(Path(f"/{name}.jpg"), name, "train", "negative", kind, "", 9, 9, "")


def test_sources_of_one_landmark_are_left_out_in_different_folds() -> None:
    folds = draw_folds([*taken(20, "tower", "club"), *taken(15, "tower", "course"), *taken(12, "bridge", "club")])
    assert [fold.pairs for fold in folds] == [{("club", "tower")}, {("course", "tower")}]


def test_a_landmark_that_would_keep_too_few_photos_stays() -> None:
    folds = draw_folds([*taken(20, "tower", "club"), *taken(9, "tower", "course"), *taken(30, "tower", "other")])
    assert ("other", "tower") in set().union(*(fold.pairs for fold in folds))
    with pytest.raises(DataError, match="No landmark comes from two sources"):
        draw_folds([*taken(20, "tower", "club"), *taken(9, "bridge", "course")])
    only = draw_folds([*taken(20, "tower", "club"), *taken(9, "tower", "course")])
    assert [fold.pairs for fold in only] == [{("course", "tower")}]


def test_every_kind_of_negative_is_left_out_once() -> None:
    entries = [*taken(20, "tower", "a"), *taken(20, "tower", "b"), *taken(20, "tower", "c")]
    folds = draw_folds([*entries, *(entry for kind in "abcdefg" for entry in refused(2, kind))])
    assert sorted(kind for fold in folds for kind in fold.kinds) == list("abcdefg")


def test_a_limit_on_sights_ignores_other_negatives() -> None:
    score, is_negative = np.array([0.9, 0.8, 0.85, 0.1]), np.array([False, False, True, True])
    figures = dict.fromkeys(("landmark_photos", "negative_photos"), 2.0)
    figures |= dict.fromkeys(("top1", "top5", "tagged", "rightly_tagged", "negatives_tagged"), 0.0)
    sights = np.array([False, False, False, True])
    pooled = pooled_figures([FoldResult([], figures, score, ~is_negative, is_negative, sights)])
    assert (pooled["rightly_tagged_at_3_percent"], pooled["rightly_tagged_at_3_percent_of_sights"]) == (0.5, 1.0)


@pytest.fixture
def of_two_sources(experiment: Experiment) -> Experiment:
    """Each landmark comes from two sources, half of its photos from each."""
    entries = [
        replace(entry, source="club" if index % 2 else "course") if entry.landmark else entry
        for index, entry in enumerate(load_manifest(experiment.manifest) * 4)
    ]
    data = experiment.folder.parent / "doubled"
    write_manifest(data / "manifest.csv", entries)
    return begin_experiment(experiment.recipe, data, experiment.folder.parent)


@pytest.mark.slow
def test_what_a_fold_is_tested_on_it_was_not_trained_or_calibrated_on(of_two_sources: Experiment) -> None:
    experiment = of_two_sources
    found = leave_source_out(experiment, ["train.epochs=0", "head.steps=3"])
    assert json.loads((experiment.folder / "sources.json").read_text()) == found
    for number in range(2):
        entries = load_manifest(experiment.folder / "sources" / f"data-{number}" / "manifest.csv")
        seen = {entry.source for entry in entries if entry.landmark and entry.split != "test"}
        held_out = {entry.source for entry in entries if entry.landmark and entry.split == "test"}
        assert not seen & held_out
    whole = found["all"]
    assert isinstance(whole, dict)
    assert whole["landmark_photos"] == sum(1 for entry in load_manifest(experiment.manifest) if entry.landmark)


@pytest.mark.slow
def test_folds_that_were_trained_otherwise_are_trained_anew(of_two_sources: Experiment) -> None:
    experiment = of_two_sources
    for steps in (2, 3, 3):
        leave_source_out(experiment, ["train.epochs=0", f"head.steps={steps}"])
    trained = {path.parent.name for path in (experiment.folder / "sources").glob("fold-0-*/weights.safetensors")}
    assert len(trained) == 2

"""Figures by what people have: each photo counts once, in its own category."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training.data.manifest import Entry
from training.evaluate.categories import figures_by_category, sights_by_source, stricter_thresholds
from training.evaluate.metrics import Predictions

LANDMARK = Entry(Path("photo.jpg"), "0", "test", "landmark", "red_rock", "", 48, 40, "album")
NEGATIVE = replace(LANDMARK, role="negative", label="food")
ENTRIES = [
    LANDMARK,
    LANDMARK,
    replace(LANDMARK, source="stranger"),
    NEGATIVE,
    replace(NEGATIVE, label="sight_church"),
    replace(NEGATIVE, label="sight_coast", source="stranger"),
    replace(NEGATIVE, label="receipts"),
]
PREDICTIONS = Predictions(
    ranked=np.array([[0], [1], [0], [0], [0], [0], [0]]),
    score=np.array([0.95, 0.75, 0.65, 0.2, 0.85, 0.3, 0.55]),
    tagged=np.array([True, True, True, False, True, False, True]),
    truth=np.array([0, 0, 0, -1, -1, -1, -1]),
)


def test_landmark_photos_are_divided_by_whether_training_saw_their_source() -> None:
    found = figures_by_category(PREDICTIONS, ENTRIES, {"album"})
    assert [found[name]["photos"] for name in ("seen_sources", "unseen_sources")] == [2, 1]
    values = {name: figure[0] for name, figure in found["seen_sources"].items() if name != "photos"}
    assert values == {"tagged": 1.0, "top1": 0.5, "rightly_tagged": 0.5, "tags_right": 0.5}


def test_negatives_are_divided_by_what_they_show_and_only_their_tags_count() -> None:
    found = figures_by_category(PREDICTIONS, ENTRIES, {"album"})
    tagged = {name: (found[name]["photos"], found[name]["tagged"][0]) for name in ("sight", "ordinary", "document")}
    assert tagged == {"sight": (2, 0.5), "ordinary": (1, 0.0), "document": (1, 1.0)}
    assert "top1" not in found["sight"]


def test_few_photos_have_a_wide_interval_even_if_all_are_right() -> None:
    _, low, high = figures_by_category(PREDICTIONS, ENTRIES, {"album"})["unseen_sources"]["top1"]
    assert low < 0.4
    assert high == 1.0


def test_a_category_without_photos_has_no_figures() -> None:
    found = figures_by_category(PREDICTIONS, ENTRIES, {"album", "stranger"})["unseen_sources"]
    assert found == {"photos": 0, "tagged": None, "top1": None, "rightly_tagged": None, "tags_right": None}


def test_photos_of_unnamed_sources_count_as_seen_if_training_has_such() -> None:
    entries = [replace(entry, source="") for entry in ENTRIES]
    assert figures_by_category(PREDICTIONS, entries, {""})["seen_sources"]["photos"] == 3


@pytest.mark.parametrize(
    ("min_score", "right", "sights", "documents"), [(0.0, 2 / 3, 0.5, 1.0), (0.7, 1 / 3, 0.5, 0.0), (0.9, 1 / 3, 0, 0)]
)
def test_a_stricter_threshold_takes_tags_away(min_score: float, right: float, sights: float, documents: float) -> None:
    (row,) = (row for row in stricter_thresholds(PREDICTIONS, ENTRIES) if row["min_score"] == min_score)
    assert row["rightly_tagged"] == pytest.approx(right, abs=1e-4)
    assert (row["sight_tagged"], row["ordinary_tagged"], row["document_tagged"]) == (sights, 0.0, documents)


def test_only_other_sights_are_counted_by_source() -> None:
    assert sights_by_source(PREDICTIONS, ENTRIES) == {
        "album": {"photos": 1, "tagged": 1},
        "stranger": {"photos": 1, "tagged": 0},
    }

"""Two models on one library: the last that tagged a photo counts, also if it knew the photo already."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.engine import Store
from tagger.jobs.context import JobContext
from tagger.jobs.registry import run_job
from tagger.model.bundle import Bundle, write_bundle
from tests.db.write.test_undo import undo
from tests.drawn import ColourEngine, card, photos
from tests.jobs.test_tagging import opener, settings_of
from tests.library.test_runner import counts, new_run, tags

OURS = [("00000.jpg", "red_rock"), ("00001.jpg", "green_hill"), ("00002.jpg", "blue_lake")]
THEIRS = [("00000.jpg", "green_hill"), ("00001.jpg", "blue_lake"), ("00002.jpg", "red_rock")]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    photos(tmp_path / "library", 3)
    return tmp_path / "library"


@pytest.fixture
def other(tmp_path: Path) -> Bundle:
    """A model that calls every colour by another name."""
    red, green, blue = card().classes
    return write_bundle(tmp_path / "other", card(name="other", classes=(green, blue, red)), {"model.onnx": b"two"})


def test_a_model_that_knew_the_photos_counts_again(store: Store, bundle: Bundle, other: Bundle, library: Path) -> None:
    counts(new_run(store, bundle, library, ColourEngine()))
    counts(new_run(store, other, library, ColourEngine()))
    assert tags(store) == THEIRS
    again = new_run(store, bundle, library, ColourEngine())
    assert (counts(again), again.state.restored) == ({"unchanged": 3}, 3)
    assert tags(store) == OURS
    assert tags(store, model="other") == THEIRS


def test_it_counts_again_for_moved_photos_and_for_more_suggestions(
    store: Store, bundle: Bundle, other: Bundle, library: Path
) -> None:
    counts(new_run(store, bundle, library, ColourEngine(), k=1))
    counts(new_run(store, other, library, ColourEngine()))
    (library / "00000.jpg").rename(library / "000000.jpg")
    counts(new_run(store, bundle, library, ColourEngine(), k=1))
    assert tags(store) == [("000000.jpg", "red_rock"), *OURS[1:]]
    counts(new_run(store, other, library, ColourEngine()))
    counts(new_run(store, bundle, library, ColourEngine(), k=2))
    assert tags(store) == [("000000.jpg", "red_rock"), *OURS[1:]]


def test_only_photos_that_the_run_is_about_change_their_model(
    store: Store, bundle: Bundle, other: Bundle, library: Path
) -> None:
    for model in (bundle, other):
        counts(new_run(store, model, library, ColourEngine()))
    assert counts(new_run(store, bundle, library / "00000.jpg", ColourEngine())) == {"unchanged": 1}
    assert tags(store) == [OURS[0], *THEIRS[1:]]


def test_an_undone_answer_does_not_count_again_until_it_is_asked_for(
    store: Store, bundle: Bundle, other: Bundle, library: Path
) -> None:
    first = new_run(store, bundle, library, ColourEngine())
    counts(first)
    counts(new_run(store, other, library, ColourEngine()))
    undo(store, first.state.run_id)
    assert counts(new_run(store, bundle, library, ColourEngine())) == {"unchanged": 3}
    assert tags(store) == THEIRS
    retag = run_job("retag", JobContext(settings_of(bundle, library), store, opener(bundle)))
    assert "3 tagged" in retag.message
    assert tags(store) == OURS


def test_the_job_retag_brings_the_model_of_the_settings_back(
    store: Store, bundle: Bundle, other: Bundle, library: Path
) -> None:
    counts(new_run(store, bundle, library, ColourEngine(), k=5))
    counts(new_run(store, other, library, ColourEngine(), k=5))
    photos(library, 1, start=3)
    retag = run_job("retag", JobContext(settings_of(bundle, library), store, opener(bundle)))
    assert "this model's answers to 3 unchanged files count again" in retag.message
    assert tags(store) == OURS

"""A minimum score holds for new photos and, without reading them again, for stored ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from db.engine import Store, open_store
from db.write.undo import undo_run
from tagger.model.bundle import Bundle
from tests.drawn import COLOURS, ColourEngine
from tests.library.test_evidence import RED_ROCK, UNSURE_RED, Shoot, shoot, tagged_files
from tests.library.test_runner import counts, new_run
from tests.library.test_votes import everything

__all__ = ["shoot"]  # a fixture

LIKELY_RED = (196, 38, 38)  # scored above the threshold of 0.7, below 0.9
STRICT = 0.9


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'other.sqlite'}") as store:
        yield store


@pytest.fixture
def library(shoot: Shoot) -> Path:
    """Sure, likely and unsure photos of one trip, some with coordinates."""
    shoot("1_sure.jpg", COLOURS["red_rock"], 1)
    shoot("2_unsure.jpg", UNSURE_RED, 3)
    shoot("3_sure.jpg", COLOURS["red_rock"], 5)
    shoot("4_likely.jpg", LIKELY_RED, 7)
    shoot("5_sure.jpg", COLOURS["red_rock"], 9)
    shoot("6_there.jpg", UNSURE_RED, 40, RED_ROCK)
    shoot("7_far.jpg", LIKELY_RED, 50, (60.0, 20.0))
    return shoot("8_blue.jpg", COLOURS["blue_lake"], 60 - 1).parent


def run(store: Store, bundle: Bundle, library: Path, min_score: float, gap_min: float = 0.0) -> int:
    """Run, and return how many photos the engine saw."""
    engine = ColourEngine()
    library_run = new_run(store, bundle, library, engine)
    library_run.options = replace(library_run.options, min_score=min_score, vote_gap_min=gap_min)
    counts(library_run)
    return engine.photos_seen


def test_a_tag_needs_the_minimum_score(store: Store, bundle: Bundle, library: Path) -> None:
    run(store, bundle, library, STRICT)
    sure = ["1_sure.jpg", "3_sure.jpg", "5_sure.jpg", "8_blue.jpg"]
    assert list(tagged_files(store)) == sure
    run(store, bundle, library, 0.0)
    assert sorted(tagged_files(store)) == sorted([*sure, "4_likely.jpg", "6_there.jpg"])


@pytest.mark.parametrize("gap_min", [0.0, 10.0], ids=["without votes", "with votes"])
@pytest.mark.parametrize(("before", "after"), [(0.0, STRICT), (STRICT, 0.0), (0.0, 1.0)])
def test_stored_tags_follow_the_minimum_score_without_inference(
    store: Store, other: Store, bundle: Bundle, library: Path, before: float, after: float, gap_min: float
) -> None:
    run(store, bundle, library, before, gap_min)
    assert run(store, bundle, library, after, gap_min) == 0
    run(other, bundle, library, after, gap_min)
    assert everything(store) == everything(other)
    assert tagged_files(store) == tagged_files(other)


def test_votes_that_end_with_the_minimum_score_leave_no_trace(
    store: Store, other: Store, bundle: Bundle, library: Path
) -> None:
    run(store, bundle, library, STRICT, gap_min=10)
    run(store, bundle, library, 0.0)
    run(other, bundle, library, 0.0)
    assert everything(store) == everything(other)


def test_what_was_undone_stays_undone(store: Store, bundle: Bundle, library: Path) -> None:
    run(store, bundle, library, 0.0)
    with store.write() as connection:
        undo_run(connection, 1)
    run(store, bundle, library, STRICT)
    run(store, bundle, library, 0.0)
    assert tagged_files(store) == {}

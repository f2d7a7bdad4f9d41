"""Thresholds on scores whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training.data.manifest import Entry
from training.evaluate.metrics import Predictions
from training.evaluate.thresholds import (
    Limit,
    choose_threshold,
    choose_thresholds,
    class_offsets,
    cross_validation_folds,
    limits_without_one_source,
    lowest_threshold,
    negative_limits,
)
from training.fit.recipe import Threshold

NO_FLOOR = Threshold(1.0, 1.0, min_tags_right=0.8, floor=0.0)


def answers(truth: list[int], said: list[int], score: list[float]) -> Predictions:
    flags = np.zeros(len(truth), dtype=bool)
    return Predictions(np.array(said)[:, None], np.array(score), flags, np.array(truth))


def photos(*labels: str | None, source: str = "") -> list[Entry]:
    """A photo for each kind of negative; None is a landmark."""
    return [
        Entry(Path(f"{n}.jpg"), "", "val", "negative" if label else "landmark", label or "tower", "", 1, 1, source)
        for n, label in enumerate(labels)
    ]


def threshold_for(found: Predictions, max_tagged: float, min_tags_right: float) -> float:
    return choose_threshold(found, [Limit(~found.is_landmark, max_tagged)], min_tags_right, lowest=0.0)


def test_the_threshold_lets_through_the_allowed_share_of_negatives_and_no_more() -> None:
    scores = [0.05 * n for n in range(20)]
    threshold = threshold_for(answers([-1] * 20, [0] * 20, scores), 0.1, 0.0)
    assert threshold == 0.851
    assert sum(score >= threshold for score in scores) == 2


def test_wrong_tags_raise_it_where_negatives_would_not() -> None:
    found = answers([0, 1, 0, -1], [0, 0, 0, 0], [0.9, 0.6, 0.5, 0.2])
    assert [threshold_for(found, 0.0, right) for right in (0.0, 0.6, 1.0)] == [0.201, 0.201, 0.601]


def test_where_nothing_will_do_only_certainty_is_a_tag() -> None:
    assert threshold_for(answers([-1], [0], [1.0]), 0.0, 1.0) == 1.0
    assert threshold_for(answers([1, -1], [0, 0], [0.9999, 0.1]), 0.0, 1.0) == 1.0


def test_sights_have_a_limit_of_their_own() -> None:
    entries = photos(*["sight_church", "other_landmark"] * 50, *["food", "documents"] * 50)
    scores = [*np.linspace(0.51, 0.99, 100), *np.linspace(0.01, 0.49, 100)]
    found = answers([-1] * 200, [0] * 200, scores)
    strict, loose = (
        choose_threshold(found, negative_limits(entries, Threshold(sights, 0.02)), 0.0, 0.0) for sights in (0.04, 1.0)
    )
    assert (found.score[:100] >= strict).sum() == 4
    assert (found.score[100:] >= loose).sum() == 2


def test_negatives_of_unknown_kind_are_held_to_the_limit_for_ordinary_photos() -> None:
    sights, others = negative_limits(photos("other", "my_cat", None), Threshold())
    assert not sights.rows.any()
    assert others.rows.tolist() == [True, True, False]
    assert others.fraction == Threshold().max_ordinary_tagged


def test_a_limit_holds_whichever_source_is_left_out() -> None:
    easy, hard = photos(*["food"] * 60, source="studio"), photos(*["food"] * 60, source="travel")
    found = answers([-1] * 120, [0] * 120, [*np.linspace(0.0, 0.3, 60), *np.linspace(0.4, 0.9, 60)])
    limits = negative_limits(entries := [*easy, *hard], Threshold(max_ordinary_tagged=0.05))
    without = limits_without_one_source(limits, entries)
    assert [limit.rows.sum() for limit in without] == [60, 60]
    threshold = choose_threshold(found, limits + without, 0.0, 0.0)
    assert (found.score[60:] >= threshold).sum() == 3  # of the hard ones alone, not 6 of all


def test_a_source_is_left_out_only_if_the_rest_can_still_say_something() -> None:
    entries = [*photos(*["food"] * 60, source="studio"), *photos("food", source="travel"), *photos("food")]
    limits = negative_limits(entries, Threshold(max_ordinary_tagged=0.05))
    assert [limit.rows.sum() for limit in limits_without_one_source(limits, entries)] == [61]


@pytest.mark.parametrize(
    ("negatives", "lowest"), [(["food"] * 1000, 0.3), (["sight_lake"] * 25, 0.3), (["food"] * 50, 0.625), ([], 0.95)]
)
def test_the_fewer_negatives_the_surer_a_tag_must_be(negatives: list[str], lowest: float) -> None:
    threshold = Threshold(max_sights_tagged=0.04, max_ordinary_tagged=0.01)
    assert lowest_threshold(negative_limits(photos(None, *negatives), threshold), threshold) == lowest


def test_no_landmark_gets_a_threshold_below_the_lowest() -> None:
    found = answers([0] * 9, [0] * 9, [0.99] * 9)
    for per_class in (True, False):
        own = choose_thresholds(found, photos(*[None] * 9), 2, Threshold(per_class=per_class))
        assert own.tolist() == [0.95, 0.95]


def test_a_recipe_may_ask_for_more_than_few_negatives_would() -> None:
    assert lowest_threshold([], Threshold(floor=0.97)) == 0.97


def mistaken_for_the_first() -> tuple[Predictions, list[Entry]]:
    """Two landmarks; the second's are right whatever their score, of the first's every other one is a mistake."""
    score = np.linspace(0.3, 0.9, 60)
    said = [index % 2 for index in range(60)]
    truth = [1 if one == 1 or index % 4 == 0 else 0 for index, one in enumerate(said)]
    return answers([*truth, -1], [*said, 0], [*score, 0.3]), photos(*[None] * 60, "food")


def test_a_landmark_that_others_are_taken_for_gets_a_higher_threshold() -> None:
    found, entries = mistaken_for_the_first()
    first, second, third = choose_thresholds(found, entries, 3, NO_FLOOR)
    assert first > third > second
    assert third == pytest.approx(threshold_for(found, 1.0, 0.8), abs=0.35)


def test_a_recipe_can_ask_for_one_threshold() -> None:
    found, entries = mistaken_for_the_first()
    own = choose_thresholds(found, entries, 3, replace(NO_FLOOR, per_class=False))
    assert set(own) == {threshold_for(found, 1.0, 0.8)}


def test_differences_that_unseen_photos_do_not_bear_out_give_one_threshold() -> None:
    numbers = np.random.default_rng(0)
    score = numbers.random(300)
    said = numbers.integers(0, 30, 300)  # ten photos a landmark, as right as their scores say
    truth = np.where(numbers.random(300) < score, said, said + 1)
    found = answers([*truth, -1], [*said, 0], [*score, 0.0])
    own = choose_thresholds(found, photos(*[None] * 300, "food"), 31, NO_FLOOR)
    assert len(set(own)) == 1


def test_trust_follows_the_evidence_and_one_photo_is_little() -> None:
    found = answers([0, 0] + [2] * 40, [1, 0] + [1] * 20 + [2] * 20, [0.5] * 42)
    missed, once_right, right, unseen = class_offsets(found, 4)[[1, 0, 2, 3]]
    assert missed < -1 < 0 < once_right < 0.2 < 1 < right
    assert unseen == 0.0


def test_near_duplicates_are_in_one_fold_and_folds_are_alike_in_size() -> None:
    part = cross_validation_folds([str(index // 3) for index in range(150)])
    assert all(len(set(part[at : at + 3])) == 1 for at in range(0, 150, 3))
    assert np.bincount(part).tolist() == [30] * 5

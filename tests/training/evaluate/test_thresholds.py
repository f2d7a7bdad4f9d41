"""Thresholds on scores whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training.evaluate.metrics import Predictions
from training.evaluate.thresholds import choose_threshold, choose_thresholds, class_offsets, cross_validation_folds
from training.fit.recipe import Threshold

NEGATIVES_ONLY = Threshold(max_negatives_tagged=0.1, min_tags_right=0.0)
STRICT = Threshold(max_negatives_tagged=0.0, min_tags_right=1.0)


def answers(truth: list[int], said: list[int], score: list[float]) -> Predictions:
    flags = np.zeros(len(truth), dtype=bool)
    return Predictions(np.array(said)[:, None], np.array(score), flags, np.array(truth))


def test_the_threshold_lets_through_the_allowed_share_of_negatives_and_no_more() -> None:
    scores = [0.05 * n for n in range(20)]
    threshold = choose_threshold(answers([-1] * 20, [0] * 20, scores), NEGATIVES_ONLY)
    assert threshold == 0.851
    assert sum(score >= threshold for score in scores) == 2


def test_wrong_tags_raise_it_where_negatives_would_not() -> None:
    found = answers([0, 1, 0, -1], [0, 0, 0, 0], [0.9, 0.6, 0.5, 0.2])
    assert choose_threshold(found, replace(STRICT, min_tags_right=0.0)) == 0.201
    assert choose_threshold(found, replace(STRICT, min_tags_right=0.6)) == 0.201
    assert choose_threshold(found, STRICT) == 0.601


def test_where_nothing_will_do_only_certainty_is_a_tag() -> None:
    assert choose_threshold(answers([-1], [0], [1.0]), STRICT) == 1.0
    assert choose_threshold(answers([1, -1], [0, 0], [0.9999, 0.1]), STRICT) == 1.0


def test_without_negatives_a_tag_must_be_likelier_than_not() -> None:
    assert choose_threshold(answers([0], [0], [0.9]), STRICT) == 0.5


def mistaken_for_the_first() -> tuple[Predictions, list[str]]:
    """Two landmarks; the second's are right whatever their score, of the first's every other one is a mistake."""
    score = np.linspace(0.3, 0.9, 60)
    said = [index % 2 for index in range(60)]
    truth = [1 if one == 1 or index % 4 == 0 else 0 for index, one in enumerate(said)]
    return answers([*truth, -1], [*said, 0], [*score, 0.3]), [str(index) for index in range(61)]


def test_a_landmark_that_others_are_taken_for_gets_a_higher_threshold() -> None:
    found, groups = mistaken_for_the_first()
    first, second, third = choose_thresholds(found, groups, 3, Threshold(1.0, 0.8))
    assert first > third > second
    assert third == pytest.approx(choose_threshold(found, Threshold(1.0, 0.8)), abs=0.35)


def test_a_recipe_can_ask_for_one_threshold() -> None:
    found, groups = mistaken_for_the_first()
    own = choose_thresholds(found, groups, 3, Threshold(1.0, 0.8, per_class=False))
    assert set(own) == {choose_threshold(found, Threshold(1.0, 0.8))}


def test_differences_that_unseen_photos_do_not_bear_out_give_one_threshold() -> None:
    numbers = np.random.default_rng(0)
    score = numbers.random(300)
    said = numbers.integers(0, 30, 300)  # ten photos a landmark, as right as their scores say
    truth = np.where(numbers.random(300) < score, said, said + 1)
    own = choose_thresholds(answers([*truth], [*said], [*score]), [str(n) for n in range(300)], 31, Threshold(1.0, 0.8))
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

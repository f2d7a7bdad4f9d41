"""Figures on answers that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from training.evaluate.metrics import (
    FIGURES,
    Bin,
    Confusion,
    Predictions,
    auroc,
    calibration_error,
    confusions,
    coverage_at,
    error_by_chance,
    gap,
    intervals,
    middle_95,
    reliability,
    risk_coverage,
    wilson,
)


def answers(*rows: tuple[int, int, float]) -> Predictions:
    """Photos as (truth, said, score); a score of 0.5 or more is a tag, the landmark after the first comes second."""
    truth, said, score = (np.array(column) for column in zip(*rows, strict=True))
    return Predictions(np.stack([said, said + 1], axis=1), score.astype(np.float64), score >= 0.5, truth)


FOUR = answers((0, 0, 0.9), (1, 0, 0.8), (-1, 2, 0.7), (2, 2, 0.6), (1, 1, 0.4))


def test_every_share_counts_its_own_photos() -> None:
    assert {name: round(figure(FOUR), 4) for name, figure in FIGURES.items()} == {
        "top1": 0.75,
        "top3": 1.0,
        "top5": 1.0,
        "tagged": 0.75,
        "rightly_tagged": 0.5,
        "tags_right": 0.6667,
        "negatives_tagged": 1.0,
        "gap": 0.525,  # (1 + 2/4 + 3/5) / 4
    }


def test_gap_is_that_of_the_landmark_challenges_own_example() -> None:
    """Eight landmark photos; those without a prediction come last and wrong."""
    rows = [(123, 123, 0.15), (-1, 123, 0.10), (999, 999, 0.30), (999, 999, 0.40), (666, 555, 0.60), (666, 666, 0.70)]
    silent = [(123, 0, 0.0), (888, 0, 0.0), (666, 666, 0.99)]
    assert gap(answers(*rows, *silent)) == pytest.approx(0.5479166666)


def test_a_sure_suggestion_on_a_negative_costs_all_that_are_less_sure() -> None:
    assert gap(answers((0, 0, 0.9), (-1, 0, 0.5))) == 1.0
    assert gap(answers((0, 0, 0.5), (-1, 0, 0.9))) == 0.5


def test_a_bin_holds_scores_up_to_its_upper_edge() -> None:
    bins = reliability(np.array([0.0, 3 / 15, 0.5, 1.0]), np.array([False, True, True, True]))
    assert [one.count for one in bins] == [1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1]
    assert bins[2] == Bin(2 / 15, 3 / 15, 1, 0.2, 1.0)


def test_calibration_error_is_how_far_scores_are_from_the_truth() -> None:
    score = np.array([0.9, 0.9, 0.9, 0.9, 0.5, 0.5])
    right = np.array([True, True, True, False, True, False])
    assert calibration_error(reliability(score, right)) == pytest.approx(4 * 0.15 / 6)


def test_few_photos_show_an_error_by_chance_alone_and_certain_ones_none() -> None:
    few, many = error_by_chance(np.full(10, 0.5)), error_by_chance(np.full(10_000, 0.5))
    assert 0.05 < few < 0.25
    assert many < 0.01
    assert error_by_chance(np.array([1.0, 0.0])) == 0.0


def test_auroc_counts_pairs_in_the_right_order_and_ties_half() -> None:
    assert auroc(np.array([0.9, 0.5, 0.2]), np.array([0.5, 0.1])) == pytest.approx((2 + 1.5 + 1) / 6)
    assert auroc(np.array([0.9]), np.array([])) == 0.5


def test_one_curve_says_how_much_can_be_tagged_how_rightly() -> None:
    coverage, precision = risk_coverage(FOUR)
    assert coverage.tolist() == [0.25, 0.5, 0.5, 0.75, 1.0]
    assert precision.tolist() == [1.0, 0.5, 1 / 3, 0.5, 0.6]
    assert [coverage_at(FOUR, at) for at in (0.99, 0.6, 0.61)] == [0.25, 1.0, 0.25]


def test_photos_of_one_score_are_tagged_together() -> None:
    coverage, precision = risk_coverage(answers((0, 0, 0.9), (-1, 0, 0.9)))
    assert (coverage.tolist(), precision.tolist()) == ([1.0], [0.5])


def test_without_any_precise_tags_nothing_can_be_covered() -> None:
    assert coverage_at(answers((0, 1, 0.9)), 0.95) == 0.0


def test_confusions_are_ordered_pairs_with_the_surest_mistake_first() -> None:
    rows = answers((0, 1, 0.2), (0, 1, 0.9), (1, 0, 0.5), (-1, 0, 0.9), (2, 2, 0.9), (0, 2, 0.3))
    assert confusions(rows) == [Confusion(0, 1, [1, 0]), Confusion(0, 2, [5]), Confusion(1, 0, [2])]


def test_no_more_than_ten_pairs_are_shown() -> None:
    assert len(confusions(answers(*((0, other, 0.5) for other in range(1, 13))))) == 10


def test_an_interval_holds_the_figure_and_is_the_same_each_time() -> None:
    rows = answers(*((0, index % 4 == 0, 0.6) for index in range(100)))
    found = intervals(rows)
    low, high = found["top1"]
    assert low < 0.75 < high
    assert (low, high) == pytest.approx((0.75 - 0.085, 0.75 + 0.085), abs=0.015)  # 1.96 × √(0.75 × 0.25 / 100)
    assert found["gap"][0] < FIGURES["gap"](rows) < found["gap"][1]
    assert intervals(rows) == found


@pytest.mark.parametrize(
    ("true", "of", "low", "high"),
    [(12, 12, 0.757, 1.0), (0, 12, 0.0, 0.243), (81, 263, 0.255, 0.366), (0, 0, 0.0, 1.0)],  # the third: Newcombe 1998
)
def test_few_photos_that_agree_still_leave_room_for_others(true: int, of: int, low: float, high: float) -> None:
    assert wilson(np.arange(of) < true) == pytest.approx((low, high), abs=0.001)


def test_the_middle_leaves_out_two_and_a_half_per_cent_at_each_end() -> None:
    assert middle_95([float(n) for n in range(1001)]) == (25.0, 975.0)

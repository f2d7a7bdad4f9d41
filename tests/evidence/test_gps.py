"""A photo's coordinates as evidence."""

from __future__ import annotations

import pytest

from tagger.core.evidence import GpsEvidence
from tagger.core.types import (
    Answer,
    Failed,
    Landmark,
    NoLandmark,
    Position,
    Suggestion,
    Tagged,
)
from tagger.evidence.gps import ODDS, apply_gps_prior, decisive_evidence, without_place

TOWER = Landmark("eiffel_tower", "Eiffel Tower", "France", 48.8584, 2.2945)
SKYTREE = Landmark("tokyo_skytree", "Tokyo Skytree", "Japan", 35.71, 139.81)
AT_THE_TOWER, IN_LAS_VEGAS = Position(48.86, 2.30), Position(36.11, -115.17)
THRESHOLDS = {"eiffel_tower": 0.5, "tokyo_skytree": 0.5}


def answer(tower: float, skytree: float) -> Answer:
    best_first = sorted([(tower, TOWER), (skytree, SKYTREE)], key=lambda pair: -pair[0])
    is_tagged = best_first[0][0] >= 0.5
    rows = tuple(Suggestion(n, place, score, score >= 0.5) for n, (score, place) in enumerate(best_first, start=1))
    return Tagged(rows) if is_tagged else NoLandmark(rows)


def test_a_landmark_nearby_is_raised_over_its_threshold_and_over_others() -> None:
    after = apply_gps_prior(answer(0.2, 0.4), AT_THE_TOWER, THRESHOLDS)
    assert isinstance(after, Tagged)
    assert [(s.rank, s.landmark.id, s.is_tag) for s in after.suggestions] == [
        (1, "eiffel_tower", True),
        (2, "tokyo_skytree", False),
    ]
    assert after.suggestions[0].score == pytest.approx(ODDS.near * 0.25 / (1 + ODDS.near * 0.25))
    assert {s.landmark.id: s.seen for s in after.suggestions} == {"eiffel_tower": 0.2, "tokyo_skytree": 0.4}
    assert kind(after) == "near"


def test_what_is_impossible_stays_unlikely_even_nearby() -> None:
    after = apply_gps_prior(answer(0.001, 0.4), AT_THE_TOWER, THRESHOLDS)
    assert isinstance(after, NoLandmark)
    assert after.suggestions[1].score < 0.02
    assert kind(after) is None


def test_a_landmark_without_coordinates_keeps_the_models_score() -> None:
    before = NoLandmark((Suggestion(1, Landmark("home", "Home"), 0.4, is_tag=False),))
    assert apply_gps_prior(before, AT_THE_TOWER, {"home": 0.5}) == before


def test_which_look_answered_is_kept() -> None:
    by_first = NoLandmark((Suggestion(1, TOWER, 0.2, is_tag=False),), "first")
    after = apply_gps_prior(by_first, AT_THE_TOWER, {"eiffel_tower": 0.3})
    assert isinstance(after, Tagged)
    assert after.look == "first"


def kind(of: Answer) -> str | None:
    """What the coordinates say that people should hear."""
    evidence = decisive_evidence(of, THRESHOLDS)
    return evidence.kind if evidence else None


def scores(of: Answer) -> list[tuple[str, float, float]]:
    """Landmark, score, and what the picture alone says."""
    return [(s.landmark.id, s.score, s.seen) for s in of.suggestions]


def test_a_contradiction_is_said_with_its_distance() -> None:
    after = apply_gps_prior(answer(0.99, 0.005), IN_LAS_VEGAS, THRESHOLDS)
    assert decisive_evidence(after, THRESHOLDS) == GpsEvidence("far", "eiffel_tower", pytest.approx(8733, abs=2))  # type: ignore[arg-type]


def test_what_the_picture_shows_clearly_is_contradicted_even_if_it_is_no_tag_any_more() -> None:
    after = apply_gps_prior(answer(0.8, 0.05), IN_LAS_VEGAS, THRESHOLDS)
    assert isinstance(after, NoLandmark)
    assert kind(after) == "far"


def test_without_its_place_an_answer_keeps_one_rough_distance() -> None:
    after = without_place(apply_gps_prior(answer(0.99, 0.005), IN_LAS_VEGAS, THRESHOLDS), THRESHOLDS)
    assert [s.evidence for s in after.suggestions] == [GpsEvidence("far", "eiffel_tower", 8733.3), None]


def test_a_guess_is_not_contradicted() -> None:
    assert kind(apply_gps_prior(answer(0.3, 0.05), IN_LAS_VEGAS, THRESHOLDS)) is None


@pytest.mark.parametrize("given", [answer(0.9, 0.05), Failed("corrupt", "it is damaged")])
def test_without_coordinates_or_suggestions_nothing_changes(given: Answer) -> None:
    assert apply_gps_prior(given, None, THRESHOLDS) == given
    assert apply_gps_prior(Failed("corrupt", "x"), AT_THE_TOWER, THRESHOLDS) == Failed("corrupt", "x")


def test_a_score_is_never_lowered() -> None:
    after = apply_gps_prior(answer(0.9999, 0.0), AT_THE_TOWER, THRESHOLDS)
    assert after.suggestions[0].score >= 0.9999


def test_a_contradiction_lowers_a_score_and_a_very_sure_model_still_wins() -> None:
    unsure = apply_gps_prior(answer(0.8, 0.05), IN_LAS_VEGAS, THRESHOLDS)
    assert isinstance(unsure, NoLandmark)
    assert scores(unsure)[0] == ("eiffel_tower", 0.166667, 0.8)
    assert isinstance(unsure.suggestions[0].evidence, GpsEvidence)
    sure = apply_gps_prior(answer(0.99, 0.0), IN_LAS_VEGAS, THRESHOLDS)
    assert isinstance(sure, Tagged)
    assert kind(sure) == "far"


def test_a_landmark_far_away_is_no_tag_while_another_candidate_is_near() -> None:
    after = apply_gps_prior(answer(0.03, 0.949), AT_THE_TOWER, THRESHOLDS)
    assert isinstance(after, NoLandmark)
    assert [(s.rank, s.seen) for s in after.suggestions if s.landmark == SKYTREE] == [(1, 0.949)]
    assert [s.evidence.kind for s in after.suggestions if isinstance(s.evidence, GpsEvidence)] == ["far", "near"]


def test_one_that_is_overwhelming_is_a_tag_all_the_same() -> None:
    after = apply_gps_prior(answer(0.001, 0.995), AT_THE_TOWER, THRESHOLDS)
    assert isinstance(after, Tagged)
    assert after.suggestions[0].landmark == SKYTREE
    assert kind(after) == "far"


def test_a_landmark_far_away_counts_less_beside_a_near_one_than_alone() -> None:
    beside = apply_gps_prior(answer(0.01, 0.96), AT_THE_TOWER, THRESHOLDS)
    alone = apply_gps_prior(answer(0.01, 0.96), IN_LAS_VEGAS, THRESHOLDS)
    assert (beside.status, alone.status) == ("none", "tagged")


def test_between_near_and_far_coordinates_say_nothing() -> None:
    given = answer(0.4, 0.3)
    assert apply_gps_prior(given, Position(48.86, 2.5), {}).suggestions[0] == given.suggestions[0]


@pytest.mark.parametrize("scores", [(0.3, 0.4), (0.03, 0.949), (0.001, 0.999)])
@pytest.mark.parametrize("position", [AT_THE_TOWER, IN_LAS_VEGAS], ids=["near", "far"])
def test_weighing_twice_is_weighing_once(position: Position, scores: tuple[float, float]) -> None:
    once = apply_gps_prior(answer(*scores), position, THRESHOLDS)
    assert apply_gps_prior(once, position, THRESHOLDS) == once

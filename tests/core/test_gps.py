"""A photo's coordinates as evidence."""

from __future__ import annotations

import pytest

from tagger.gps import Position, Reason, distance_km, weigh
from tagger.types import Answer, Failed, Landmark, NoLandmark, Suggestion, Tagged

TOWER = Landmark("eiffel_tower", "Eiffel Tower", "France", 48.8584, 2.2945)
SKYTREE = Landmark("tokyo_skytree", "Tokyo Skytree", "Japan", 35.71, 139.81)
AT_THE_TOWER, IN_LAS_VEGAS = Position(48.86, 2.30), Position(36.11, -115.17)
THRESHOLDS = {"eiffel_tower": 0.5, "tokyo_skytree": 0.5}


def answer(tower: float, skytree: float) -> Answer:
    best_first = sorted([(tower, TOWER), (skytree, SKYTREE)], key=lambda pair: -pair[0])
    is_tagged = best_first[0][0] >= 0.5
    rows = tuple(Suggestion(n, place, score, score >= 0.5) for n, (score, place) in enumerate(best_first, start=1))
    return Tagged(rows) if is_tagged else NoLandmark(rows)


def test_distances_are_those_of_the_map() -> None:
    paris, new_york = Position(48.8566, 2.3522), Position(40.7128, -74.006)
    assert distance_km(paris, new_york) == pytest.approx(5837, abs=5)
    assert distance_km(Position(0, 179.9), Position(0, -179.9)) == pytest.approx(22.2, abs=0.1)
    assert distance_km(paris, paris) == 0


def test_a_landmark_nearby_is_raised_over_its_threshold_and_over_others() -> None:
    weighed = weigh(answer(0.2, 0.4), AT_THE_TOWER, THRESHOLDS)
    assert isinstance(weighed.answer, Tagged)
    assert [(s.rank, s.landmark.id, s.is_tag) for s in weighed.answer.suggestions] == [
        (1, "eiffel_tower", True),
        (2, "tokyo_skytree", False),
    ]
    assert weighed.answer.suggestions[0].score == pytest.approx(10 * 0.25 / (1 + 10 * 0.25))
    assert weighed.raw == {"eiffel_tower": 0.2, "tokyo_skytree": 0.4}
    assert [reason.kind for reason in weighed.reasons] == ["near"]


def test_what_is_impossible_stays_unlikely_even_nearby() -> None:
    weighed = weigh(answer(0.001, 0.4), AT_THE_TOWER, THRESHOLDS)
    assert isinstance(weighed.answer, NoLandmark)
    assert weighed.answer.suggestions[1].score < 0.02
    assert weighed.reasons == ()


def test_a_contradiction_is_said_and_changes_no_score() -> None:
    weighed = weigh(answer(0.9, 0.05), IN_LAS_VEGAS, THRESHOLDS)
    assert weighed.answer == answer(0.9, 0.05)
    assert weighed.reasons == (Reason("far", "eiffel_tower", pytest.approx(8733, abs=2)),)  # type: ignore[arg-type]


def test_a_guess_is_not_contradicted() -> None:
    assert weigh(answer(0.3, 0.05), IN_LAS_VEGAS, THRESHOLDS).reasons == ()


@pytest.mark.parametrize("given", [answer(0.9, 0.05), Failed("corrupt", "it is damaged")])
def test_without_coordinates_or_suggestions_nothing_changes(given: Answer) -> None:
    assert weigh(given, None, THRESHOLDS).answer == given
    assert weigh(Failed("corrupt", "x"), AT_THE_TOWER, THRESHOLDS).answer == Failed("corrupt", "x")


def test_a_score_is_never_lowered() -> None:
    weighed = weigh(answer(0.9999, 0.0), AT_THE_TOWER, THRESHOLDS)
    assert weighed.answer.suggestions[0].score >= 0.9999

"""From logits to an honest answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tagger.core.errors import OutOfResources
from tagger.core.types import Failed
from tagger.model.inference import answer, answers, infer, probabilities
from tests.drawn import COLOURS, ColourEngine, card


def test_probabilities_sum_to_one_and_keep_the_order() -> None:
    result = probabilities(np.array([[1000.0, 0.0, -1000.0], [0.0, 1.0, 2.0]], dtype=np.float32), 2.0)
    assert result.sum(axis=1) == pytest.approx([1, 1])
    assert result.argmax(axis=1).tolist() == [0, 2]


def test_a_higher_temperature_is_less_sure() -> None:
    logits = np.array([[2.0, 1.0, 0.0]], dtype=np.float32)
    assert probabilities(logits, 3.0).max() < probabilities(logits, 1.0).max()


def test_a_score_at_the_threshold_is_a_tag() -> None:
    result = answer(np.array([0.7, 0.2, 0.05, 0.05]), card(), k=2)
    assert result.status == "tagged"
    assert [(s.rank, s.landmark.id, s.score, s.is_tag) for s in result.suggestions] == [
        (1, "red_rock", 0.7, True),
        (2, "green_hill", 0.2, False),
    ]


def test_below_the_threshold_the_nearest_are_named_but_none_is_a_tag() -> None:
    result = answer(np.array([0.2, 0.69, 0.1, 0.01]), card(), k=3)
    assert result.status == "none"
    assert [s.landmark.id for s in result.suggestions] == ["green_hill", "red_rock", "blue_lake"]
    assert not any(s.is_tag for s in result.suggestions)


def test_the_background_takes_probability_but_is_never_suggested() -> None:
    result = answer(np.array([0.04, 0.03, 0.03, 0.9]), card(), k=10)
    assert result.status == "none"
    assert len(result.suggestions) == 3


def test_the_status_does_not_depend_on_k() -> None:
    easy = replace(card().classes[1], threshold=0.2)
    model = card(classes=(card().classes[0], easy, card().classes[2]))
    scores = np.array([0.6, 0.3, 0.05, 0.05])
    assert {answer(scores, model, k).status for k in (1, 2, 3)} == {"none"}


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_an_output_that_is_no_number_is_its_photo_s_failure_and_never_a_none(broken: float) -> None:
    rows = np.array([[9, 0, 0, 0], [1, broken, 0, 0], [0, 9, 0, 0]], dtype=np.float32)
    first, failed, last = answers(rows, card(), k=2)
    assert isinstance(failed, Failed)
    assert (failed.kind, "not finite" in failed.message) == ("engine_failed", True)
    assert [first, last] == answers(rows[[0, 2]], card(), k=2)


def test_two_landmarks_in_one_photo_can_both_be_tags() -> None:
    model = card(classes=tuple(replace(c, threshold=0.4) for c in card().classes))
    result = answer(np.array([0.5, 0.45, 0.05, 0.0]), model, k=3)
    assert [s.is_tag for s in result.suggestions] == [True, True, False]


class Starved(ColourEngine):
    """Runs out of memory on batches of more than a few photos, or on a black one alone."""

    def logits(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        if len(batch) > 2 or not batch.any():
            raise MemoryError
        return super().logits(batch)


def test_too_little_memory_for_a_batch_is_enough_for_its_photos() -> None:
    red = np.full((16, 16, 3), COLOURS["red_rock"], np.uint8)
    assert [answer.status for answer in infer(Starved(), [red] * 4, card(), k=1)] == ["tagged"] * 4


def test_no_photo_is_blamed_for_too_little_memory() -> None:
    with pytest.raises(OutOfResources, match="memory"):
        infer(Starved(), [np.zeros((16, 16, 3), np.uint8)], card(), k=1)

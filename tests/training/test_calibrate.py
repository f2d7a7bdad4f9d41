"""Temperature and threshold, on logits whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from training.calibrate import choose_threshold, fit_temperature, surprise


def overconfident(times: float) -> tuple[np.ndarray, np.ndarray]:
    """Logits of honest probabilities, multiplied."""
    numbers = np.random.default_rng(0)
    honest = numbers.normal(0, 2, (20_000, 4))  # (N, outputs)
    odds = np.exp(honest) / np.exp(honest).sum(1, keepdims=True)  # (N, outputs)
    labels = (odds.cumsum(1) > numbers.random((20_000, 1))).argmax(1)  # (N,)
    return (honest * times).astype(np.float32), labels


@pytest.mark.parametrize("times", [0.5, 1.0, 4.0])
def test_the_temperature_undoes_overconfidence(times: float) -> None:
    logits, labels = overconfident(times)
    assert fit_temperature(logits, labels) == pytest.approx(times, rel=0.03)


def test_no_temperature_near_the_fitted_one_is_better() -> None:
    logits, labels = overconfident(3.0)
    fitted = fit_temperature(logits, labels)
    assert surprise(logits, labels, fitted) < min(surprise(logits, labels, fitted * f) for f in (0.9, 1.1))


def test_the_threshold_lets_through_the_allowed_share_of_negatives_and_no_more() -> None:
    scores = np.array([0.05 * n for n in range(20)])
    threshold = choose_threshold(scores, np.ones(20, dtype=bool), 0.1)
    assert threshold == pytest.approx(0.851)
    assert (scores >= threshold).sum() == 2


def test_landmark_photos_do_not_move_the_threshold() -> None:
    scores = np.array([0.3, 0.99, 0.99])
    assert choose_threshold(scores, np.array([True, False, False]), 0.0) == pytest.approx(0.301)


def test_a_negative_that_is_certain_cannot_be_refused() -> None:
    assert choose_threshold(np.array([1.0]), np.array([True]), 0.0) == 1.0


def test_without_negatives_a_tag_must_be_likelier_than_not() -> None:
    assert choose_threshold(np.array([0.9]), np.array([False]), 0.03) == 0.5

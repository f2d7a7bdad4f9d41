"""The temperature, on logits whose truth is known, and what a calibration warns of."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tagger.model.bundle import open_bundle
from tagger.model.card import SAFETENSORS_FILE
from tagger.model.nets import build
from training.evaluate.calibrate import calibrate, fit_scores, fit_temperature, shifted, top1_nll
from training.fit.experiment import Experiment


def overconfident(times: float) -> tuple[np.ndarray, np.ndarray]:
    """Logits of honest probabilities, multiplied; the last of four outputs is background."""
    numbers = np.random.default_rng(0)
    honest = numbers.normal(0, 2, (8_000, 4))  # (N, outputs)
    odds = np.exp(honest) / np.exp(honest).sum(1, keepdims=True)  # (N, outputs)
    labels = (odds.cumsum(1) > numbers.random((8_000, 1))).argmax(1)  # (N,)
    return (honest * times).astype(np.float32), labels


@pytest.mark.parametrize("times", [0.5, 1.0, 4.0])
def test_the_temperature_undoes_overconfidence(times: float) -> None:
    logits, labels = overconfident(times)
    assert fit_temperature(logits, labels, 3) == pytest.approx(times, rel=0.05)


def test_no_temperature_near_the_fitted_one_is_better() -> None:
    logits, labels = overconfident(3.0)
    fitted = fit_temperature(logits, labels, 3)
    assert top1_nll(logits, labels, fitted, 3) < min(top1_nll(logits, labels, fitted * f, 3) for f in (0.9, 1.1))


def test_a_suggestion_on_a_negative_is_a_surprise_as_large_as_its_score() -> None:
    logits = np.log(np.array([[0.6, 0.1, 0.3]], dtype=np.float32))
    assert top1_nll(logits, np.array([2]), 1.0, 2) == pytest.approx(-np.log(0.4), abs=1e-6)
    assert top1_nll(logits, np.array([0]), 1.0, 2) == pytest.approx(-np.log(0.6), abs=1e-6)
    assert top1_nll(logits, np.array([1]), 1.0, 2) == pytest.approx(-np.log(0.4), abs=1e-6)


def test_a_certain_mistake_is_a_finite_surprise() -> None:
    assert np.isfinite(top1_nll(np.array([[1e4, 0.0]], dtype=np.float32), np.array([1]), 1.0, 1))


def test_a_few_photos_that_are_all_right_do_not_make_every_score_certain() -> None:
    logits = np.array([[2.0, 0.0, 0.0, 0.0]] * 9, dtype=np.float32)
    fitted = fit_temperature(logits, np.zeros(9, dtype=np.int64), 3)
    assert 0.4 < fitted < 1.0


@pytest.mark.parametrize("doubt", [-1.0, 0.0, 1.5])
def test_a_background_that_is_too_strong_or_too_weak_is_shifted_back(doubt: float) -> None:
    logits, labels = overconfident(2.0)
    temperature, shift = fit_scores(shifted(logits, doubt, 3), labels, 3)
    assert temperature == pytest.approx(2.0, rel=0.1)
    assert shift == pytest.approx(-doubt, abs=0.25)


def test_the_shift_concerns_the_background_alone() -> None:
    logits = np.array([[1.0, 2.0, 3.0, 4.0]], dtype=np.float32)
    assert shifted(logits, -0.5, 2).tolist() == [[1.0, 2.0, 2.5, 3.5]]


def test_without_negatives_nothing_says_how_strong_the_background_should_be() -> None:
    logits, labels = overconfident(1.0)
    assert fit_scores(logits[labels < 3], labels[labels < 3], 3)[1] == 0.0


@pytest.mark.slow
def test_the_exported_network_has_the_shift_in_its_bias(experiment: Experiment) -> None:
    torch.manual_seed(0)
    network = build(experiment.recipe.network, experiment.outputs)
    save_file(network.state_dict(), experiment.weights)
    bundle = calibrate(experiment)
    shift = json.loads(experiment.log_file.read_text(encoding="utf-8").splitlines()[-1])["background_shift"]
    bias = load_file(bundle.file(SAFETENSORS_FILE))["classifier.bias"]
    landmarks = len(experiment.classes)
    assert torch.equal(bias[:landmarks], network.classifier.bias[:landmarks])
    assert torch.allclose(bias[landmarks:], network.classifier.bias[landmarks:] + shift)


@pytest.mark.slow
def test_what_few_photos_cannot_promise_is_printed_and_stays_in_the_card(
    experiment: Experiment, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    save_file(build(experiment.recipe.network, experiment.outputs).state_dict(), experiment.weights)
    warnings = calibrate(experiment).card.warnings
    assert any(warning.startswith("Too few validation photos show a landmark (9)") for warning in warnings)
    shown = capsys.readouterr().err
    assert all(f"Warning: {warning}" in shown for warning in warnings)
    assert open_bundle(experiment.bundle).card.warnings == warnings

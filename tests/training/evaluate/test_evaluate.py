"""What is measured through an engine, and where it is written."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tagger.model.nets import build
from tests.drawn import ColourEngine, card
from training.data.manifest import DataError
from training.evaluate.calibrate import calibrate
from training.evaluate.evaluate import ROBUSTNESS_FIGURES, Outputs, agreement, evaluate, figures, infer, predictions
from training.evaluate.robustness import CORRUPTIONS
from training.fit.dataset import photo_dataset
from training.fit.experiment import Experiment


def outputs(winners: list[tuple[int, float]], labels: list[int]) -> Outputs:
    """Logits (N, 4) in which one output stands out by so much."""
    logits = np.zeros((len(winners), 4), dtype=np.float32)
    for row, (winner, height) in zip(logits, winners, strict=True):
        row[winner] = height
    return Outputs(logits, np.array(labels))


SURE, UNSURE = 9.0, 0.5
SIX = outputs([(0, SURE), (1, UNSURE), (2, SURE), (2, SURE), (3, SURE), (1, SURE)], [0, 1, 2, 1, 3, 3])


def test_answers_are_the_products_own() -> None:
    given = predictions(card(), SIX)  # three landmarks, a background, thresholds of 0.7
    assert given.first.tolist() == [0, 1, 2, 2, 0, 1]
    assert given.tagged.tolist() == [True, False, True, True, False, True]
    assert given.truth.tolist() == [0, 1, 2, 1, -1, -1]
    assert given.ranked.shape == (6, 3)


def test_every_share_counts_its_own_photos() -> None:
    found = figures(card(), SIX)
    shares = {
        "landmark_photos": 4,
        "negative_photos": 2,
        "top1": 0.75,
        "top3": 1.0,
        "top5": 1.0,
        "tagged": 0.75,
        "rightly_tagged": 0.5,
        "tags_right": 0.6667,
        "negatives_tagged": 0.5,
    }
    assert {name: found[name] for name in shares} == shares
    others = {"gap", "auroc", "coverage_at_95", "coverage_at_99"}
    assert found.keys() - shares.keys() - others == {"ece_before", "ece", "ece_landmarks", "ece_by_chance"}


def test_the_calibration_error_is_of_what_people_see_before_and_after() -> None:
    found = figures(card(temperature=9.0), outputs([(0, 9.0), (3, 9.0)], [0, 3]))
    high, low = np.e / (np.e + 3), 1 / (np.e + 3)  # at temperature 9 the winner is ahead by 1
    assert found["ece"] == pytest.approx((1 - high + low) / 2, abs=1e-4)
    assert found["ece_landmarks"] == pytest.approx(1 - high, abs=1e-4)
    assert found["ece_before"] == pytest.approx(0.0002, abs=1e-4)


def test_agreement_looks_at_the_first_landmark_whatever_the_background_says() -> None:
    one = outputs([(0, 1.0), (1, 1.0), (2, 1.0)], [0, 1, 3])
    other = outputs([(0, 1.0), (2, 1.0), (0, 1.0)], [0, 1, 3])
    other.logits[0, 3] = 8.0
    assert agreement(card(), one, other) == 0.5


def test_every_photo_of_a_set_reaches_the_engine_in_order(experiment: Experiment) -> None:
    engine = ColourEngine()
    found = infer(engine, photo_dataset(experiment, experiment.entries("test")), workers=0)
    assert engine.photos_seen == 12
    assert found.logits.argmax(1).tolist() == found.labels.tolist()


@pytest.fixture
def calibrated(experiment: Experiment) -> Experiment:
    """A run whose network nobody trained."""
    torch.manual_seed(0)
    save_file(build(experiment.recipe.network, experiment.outputs).state_dict(), experiment.weights)
    calibrate(experiment)
    return experiment


@pytest.mark.slow
def test_one_split_is_measured_and_the_others_figures_stay(calibrated: Experiment) -> None:
    calibrated.metrics.write_text('{"val": {"top1": 0.5}, "test": {"top1": 2}}')
    found = evaluate(calibrated, ["test"])
    written = json.loads(calibrated.metrics.read_text())
    assert written == {"val": {"top1": 0.5}, "test": found["test"]}
    assert written["test"]["top1_low"] <= written["test"]["top1"] <= written["test"]["top1_high"]
    assert written["test"]["torch_top1_agreement"] > 0
    assert 0 <= written["test"]["ordinary_tagged"] <= 1
    assert "sight_tagged" not in written["test"]  # the split has none
    _check_details(calibrated, json.loads(calibrated.breakdowns.read_text())["test"])
    kept = np.load(calibrated.folder / "outputs-test.npz")
    assert (kept["logits"].shape, kept["labels"].tolist()) == ((12, 4), [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3)


def _check_details(experiment: Experiment, details: dict[str, object]) -> None:
    assert tuple(details) == (
        "categories", "stricter", "intervals", "per_class", "confusions", "reliability", "risk_coverage",
        "negatives_by_kind", "sights_by_source", "robustness",
    )  # fmt: skip
    assert details["categories"]["seen_sources"]["photos"] == 9  # type: ignore[index]
    assert [(one["id"], one["photos"]) for one in details["per_class"]] == [(c.id, 3) for c in experiment.classes]  # type: ignore[attr-defined]
    assert list(details["negatives_by_kind"]) == ["fog"]  # type: ignore[call-overload]
    robustness = {name: tuple(one) for name, one in details["robustness"].items()}  # type: ignore[attr-defined]
    assert robustness == dict.fromkeys(CORRUPTIONS, (*ROBUSTNESS_FIGURES, "landmarks_flipped", "negatives_flipped"))


@pytest.mark.slow
def test_the_validation_split_says_nothing_of_robustness(calibrated: Experiment) -> None:
    assert list(evaluate(calibrated, ["val"])) == ["val"]
    assert "robustness" not in json.loads(calibrated.breakdowns.read_text())["val"]


@pytest.mark.slow
def test_a_new_calibration_makes_a_new_bundle_so_old_figures_go(calibrated: Experiment) -> None:
    evaluate(calibrated, ["val"])
    calibrate(calibrated)
    assert not calibrated.metrics.exists()
    assert not calibrated.breakdowns.exists()


def test_evaluating_before_calibrating_names_the_step_that_is_missing(experiment: Experiment) -> None:
    with pytest.raises(DataError, match="Run first: python -m training calibrate"):
        evaluate(experiment)

"""Ways to decide that there is no known landmark, on features whose truth is known."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from tagger.model.nets import build
from training.evaluate.ood_scores import OodScore, feature_scores, logit_scores, probability, product
from training.evaluate.ood_study import FeatureSet, all_scores, compare, study
from training.evaluate.thresholds import Limit
from training.fit.experiment import Experiment
from training.fit.recipe import Head

NAMES = [
    "probability",
    "landmarks only",
    "energy",
    "energy against background",
    "cosine to prototypes",
    "Mahalanobis",
    "background, refitted",
    "no negatives",
    "outlier exposure",
    "probability × cosine",
]


def logits_of(*rows: list[float]) -> np.ndarray:
    """(N, 3) logits of probabilities of two landmarks and the background."""
    return np.log(np.array(rows, dtype=np.float32))


def test_four_ways_to_read_a_network_with_a_background_output() -> None:
    scores = logit_scores(logits_of([0.3, 0.1, 0.6], [0.2, 0.7, 0.1]), 1.0, 2)
    assert [score.predicted.tolist() for score in scores] == [[0, 1]] * 4
    expected = np.array([[0.3, 0.7], [0.75, 0.7 / 0.9], np.log([0.4, 0.9]), np.log([0.4 / 0.6, 9])])  # (4, N)
    for score, values in zip(scores, expected, strict=True):
        np.testing.assert_allclose(score.score, values, atol=1e-6, err_msg=score.name)


def test_a_background_output_is_never_suggested() -> None:
    assert probability(logits_of([0.1, 0.2, 0.7]), 1.0, 2, "a", "b").predicted.tolist() == [1]


def test_distances_are_to_the_nearest_landmarks_mean_and_negatives_have_none() -> None:
    train = np.array([[1, 0], [3, 0], [0, 4], [0, 6], [-9, -9]], dtype=np.float32)  # means (2, 0) and (0, 5)
    labels = np.array([0, 0, 1, 1, 2])
    said = np.array([0, 1, 0])
    photos = np.array([[7, 0], [0, 5], [-1, 0]], dtype=np.float32)
    cosine, near = feature_scores(photos, train, labels, said, 2)
    np.testing.assert_allclose(cosine.score, [1, 1, 0], atol=1e-6)
    assert near.score[1] == pytest.approx(0, abs=1e-9)
    # Along each axis the variance is 1/2, and a tenth of the mean variance is added.
    assert near.score[[0, 2]] == pytest.approx([-25 / 0.55, -9 / 0.55], rel=1e-5)
    assert near.predicted is said


def test_a_product_never_turns_an_opposite_direction_into_a_landmark() -> None:
    probable = OodScore("p", "", np.array([0.5, 0.8]), np.array([0, 1]))
    near = OodScore("n", "", np.array([0.5, -0.9]), np.array([0, 1]))
    assert product(probable, near).score.tolist() == [0.25, 0.0]


TRUTH = np.array([0, 0, 0, 0, 0, -1, -1, -1, -1, -1] * 20)
PART = np.arange(200) // 2 % 5


def ood_score(name: str, landmarks: float, negatives: float) -> OodScore:
    """Scores between these and 0.3 more, spread alike."""
    spread = np.random.default_rng(3).random(200) * 0.3  # (N,)
    score = np.where(TRUTH >= 0, landmarks, negatives) + spread
    return OodScore(name, name, score, np.zeros(200, dtype=np.int64))


def limits(fraction: float) -> list[Limit]:
    return [Limit(TRUTH < 0, fraction)]


def test_a_threshold_is_counted_on_photos_that_did_not_choose_it() -> None:
    first = compare([ood_score("blind", 0.5, 0.5)], TRUTH, PART, limits(0.1))["ways"][0]
    assert first["negatives_tagged"] == pytest.approx(0.1, abs=0.05)
    assert first["rightly_tagged"] == pytest.approx(0.1, abs=0.08)
    assert first["rightly_tagged_low"] <= first["rightly_tagged"] <= first["rightly_tagged_high"]
    assert first["auroc"] == pytest.approx(0.5, abs=0.1)


def test_a_way_that_tells_them_apart_keeps_every_landmark_photo() -> None:
    found = compare([ood_score("sharp", 0.8, 0.1)], TRUTH, PART, limits(0.0))
    assert found["ways"][0] == {
        "name": "sharp",
        "what": "sharp",
        "rightly_tagged": 1.0,
        "rightly_tagged_low": 0.963,
        "rightly_tagged_high": 1.0,
        "tags_right": 1.0,
        "negatives_tagged": 0.01,  # the one above all others, in the fold that chose without it
        "auroc": 1.0,
        "gap": 1.0,
        "gain_low": 0.0,
        "gain_high": 0.0,
    }


def test_the_shipped_way_stays_unless_another_is_better_by_more_than_chance() -> None:
    shipped, worse, better = ood_score("shipped", 0.6, 0.4), ood_score("worse", 0.5, 0.4), ood_score("better", 0.8, 0.4)
    slightly = replace(shipped, name="slightly", score=shipped.score + 1e-9 * TRUTH)
    assert compare([shipped, worse, slightly], TRUTH, PART, limits(0.05))["best"] == "shipped"
    assert compare([shipped, worse, better], TRUTH, PART, limits(0.05))["best"] == "better"


def test_every_way_is_there_and_heads_learn_what_features_show() -> None:
    numbers = np.random.default_rng(0)
    labels = np.arange(60) % 3  # two landmarks and negatives
    points = np.eye(3, dtype=np.float32)[labels] * 5 + numbers.normal(0, 0.3, (60, 3)).astype(np.float32)
    classifier = nn.Linear(3, 3)
    with torch.no_grad():
        classifier.weight.copy_(torch.eye(3))
        classifier.bias.zero_()
    seen = FeatureSet(points, labels)
    scores = all_scores(seen, seen, classifier, 2, Head(steps=60, rate=0.1), seed=1)
    assert [score.name for score in scores] == NAMES
    shown = labels < 2  # (N,)
    for found in scores:
        assert (found.predicted[shown] == labels[shown]).all(), found.name
    for found in (scores[0], scores[4], scores[6], scores[8]):
        assert found.score[shown].min() > found.score[~shown].max(), found.name


@pytest.mark.slow
def test_a_run_is_compared_and_features_are_computed_once_for_the_same_weights(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    save_file(build(experiment.recipe.network, experiment.outputs).state_dict(), experiment.weights)
    found = study(experiment)
    assert [one["name"] for one in found["ways"]] == NAMES
    assert json.loads((experiment.folder / "none.json").read_text()) == found
    monkeypatch.delattr("training.evaluate.ood_study.compute_features")
    assert study(experiment) == found
    save_file(build(experiment.recipe.network, experiment.outputs).state_dict(), experiment.weights)
    with pytest.raises(NameError):
        study(experiment)

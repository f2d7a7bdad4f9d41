"""Calibrate scores, and choose when a suggestion is a tag.

The one rule: temperature and thresholds are fitted on the validation split; no test photo is used here.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tagger.model.bundle import Bundle, write_bundle
from tagger.model.engines.openvino import OpenVinoEngine
from tagger.model.inference import probabilities
from training.evaluate.calibration_warnings import (
    plain_pictures_tagged,
    print_warnings,
    temperature_at_bound,
    too_few_photos,
)
from training.evaluate.evaluate import infer, predictions
from training.evaluate.thresholds import choose_thresholds
from training.fit.dataset import photo_dataset
from training.fit.experiment import Experiment
from training.publish.export import draft_card, weight_files

Logits = NDArray[np.float32]
Labels = NDArray[np.int64]

TEMPERATURES = np.geomspace(0.1, 10, 231)  # steps of 2 %
PRIOR_SD = math.log(2)  # of a temperature's logarithm around 0; on a thousand photos it no longer matters
SHIFTS = np.linspace(-4, 4, 161)  # logits, steps of 0.05
SHIFT_SD = 1.0  # logits, of the shift around 0
ROUNDS = 5  # temperature and shift in turn; the third changes neither by a step


def calibrate(experiment: Experiment) -> Bundle:
    """Export the weights into a bundle, then fit its scores and thresholds through the exported file.

    The background's shift goes into the bias of the exported network; temperature and thresholds go into the card.

    If there are too few photos to be sure of something, that is printed, and kept in the card's warnings.
    """
    entries, landmarks = experiment.entries("val"), len(experiment.classes)
    bundle = write_bundle(experiment.bundle, draft_card(experiment), files := weight_files(experiment))
    for outdated in (experiment.metrics, experiment.breakdowns):
        outdated.unlink(missing_ok=True)
    engine = OpenVinoEngine(bundle, precision="float32")
    outputs = infer(engine, photo_dataset(experiment, entries), experiment.recipe.workers)
    temperature, shift = fit_scores(outputs.logits, outputs.labels, landmarks)
    files = weight_files(experiment, shift)
    card = replace(bundle.card, temperature=temperature)
    bundle = write_bundle(experiment.bundle, card, files)
    engine = OpenVinoEngine(bundle, precision="float32")
    outputs = replace(outputs, logits=shifted(outputs.logits, shift, landmarks))
    thresholds = choose_thresholds(predictions(card, outputs), entries, landmarks, experiment.recipe.threshold)
    classes = tuple(
        replace(landmark, threshold=float(threshold))
        for landmark, threshold in zip(experiment.classes, thresholds, strict=True)
    )
    card = replace(card, classes=classes)
    warnings = (
        *too_few_photos(entries, experiment.recipe.threshold),
        *temperature_at_bound(card.temperature, float(TEMPERATURES[0]), float(TEMPERATURES[-1])),
        *plain_pictures_tagged(engine, card),
    )
    experiment.log(
        stage="calibrate",
        temperature=card.temperature,
        background_shift=shift,
        lowest_threshold=float(thresholds.min()),
        highest_threshold=float(thresholds.max()),
    )
    card = replace(card, warnings=warnings)
    print_warnings(card)
    return write_bundle(experiment.bundle, card, files)


def fit_scores(logits: Logits, labels: Labels, landmarks: int) -> tuple[float, float]:
    """The temperature, and what to add to the background's logits before it divides them.

    A network that saw more negatives than a library of landmarks holds doubts every suggestion a little too much, and
    one temperature cannot mend that without making the wrong ones surer.

    Args:
        logits: (N, outputs), negatives included.
        labels: (N,), the background output for negatives; without negatives nothing is added.
        landmarks: their number; the outputs after them are background.

    Source:
        Temperature with a bias for one class: the bias-corrected scaling of Alexandari et al. 2020, arXiv:1901.06852.
    """
    temperature, shift = 1.0, 0.0
    for _ in range(ROUNDS):
        temperature = fit_temperature(shifted(logits, shift, landmarks), labels, landmarks)
        shift = fit_background_shift(logits, labels, landmarks, temperature)
    return temperature, shift


def fit_background_shift(logits: Logits, labels: Labels, landmarks: int, temperature: float) -> float:
    """The shift at which the first suggestions' scores best predict which of them are right, in logits."""
    if not (labels >= landmarks).any():
        return 0.0

    def loss(shift: float) -> float:
        prior = (shift / SHIFT_SD) ** 2 / 2
        return len(labels) * top1_nll(shifted(logits, shift, landmarks), labels, temperature, landmarks) + prior

    best = min(map(float, SHIFTS), key=loss)
    return round(best, 2)


def shifted(logits: Logits, shift: float, landmarks: int) -> Logits:
    """(N, outputs), with the shift added to the background's outputs."""
    background = np.arange(logits.shape[1]) >= landmarks  # (outputs,)
    return logits + np.float32(shift) * background.astype(np.float32)


def fit_temperature(logits: Logits, labels: Labels, landmarks: int) -> float:
    """The temperature at which the first suggestions' scores best predict which of them are right.

    Users see these scores. A temperature that maximises the likelihood of all outputs, the background output included,
    calibrates them worse. A prior around 1 keeps ten photos that are all right from making every score certain.

    Args:
        logits: (N, outputs), negatives included.
        labels: (N,), the background output for negatives.
        landmarks: their number; the outputs after them are background.

    Source:
        Temperature scaling, Guo et al. 2017, arXiv:1706.04599, section 4.2, on the top label alone, at the posterior
        mode under a log-normal prior.
    """

    def loss(temperature: float) -> float:
        prior = (math.log(temperature) / PRIOR_SD) ** 2 / 2
        return len(labels) * top1_nll(logits, labels, temperature, landmarks) + prior

    best = min(map(float, TEMPERATURES), key=loss)
    return round(best, 4)


def top1_nll(logits: Logits, labels: Labels, temperature: float, landmarks: int) -> float:
    """Mean negative log-likelihood of the first suggestions being right or wrong, by their scores."""
    scores = probabilities(logits, temperature)[:, :landmarks]  # (N, landmarks)
    correct = scores.argmax(axis=1) == labels  # (N,)
    first = scores.max(axis=1)  # (N,)
    likelihood = np.where(correct, first, 1 - first)  # (N,)
    return float(-np.log(np.maximum(likelihood, np.finfo(np.float64).eps)).mean())

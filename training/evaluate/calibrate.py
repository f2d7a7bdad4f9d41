"""Make scores mean what they say, and choose when a suggestion is a tag.

The one rule: both are fitted on the validation split; no test photo is ever seen here.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tagger.model.bundle import Bundle, write_bundle
from tagger.model.calibrate import probabilities
from tagger.model.engines.openvino import OpenVinoEngine
from training.evaluate.evaluate import answers, infer
from training.evaluate.thresholds import choose_thresholds
from training.fit.dataset import photos
from training.fit.experiment import Experiment
from training.publish.export import draft, weight_files

Logits = NDArray[np.float32]
Labels = NDArray[np.int64]

TEMPERATURES = np.geomspace(0.05, 20, 300)  # steps of 2 %


def calibrate(run: Experiment) -> Bundle:
    """Export the run's weights into its own bundle and fit temperature and thresholds through the exported file."""
    entries, known = run.entries("val"), len(run.classes)
    bundle = write_bundle(run.bundle, draft(run), files := weight_files(run))
    for outdated in (run.metrics, run.details):
        outdated.unlink(missing_ok=True)
    engine = OpenVinoEngine(bundle, precision="float32")
    outputs = infer(engine, photos(run, entries), run.recipe.workers)
    card = replace(bundle.card, temperature=fit_temperature(outputs.logits, outputs.labels, known))
    groups = [entry.group or str(entry.path) for entry in entries]
    chosen = choose_thresholds(answers(card, outputs), groups, known, run.recipe.threshold)
    classes = tuple(replace(one, threshold=float(own)) for one, own in zip(run.classes, chosen, strict=True))
    lowest, highest = float(chosen.min()), float(chosen.max())
    run.log(stage="calibrate", temperature=card.temperature, lowest_threshold=lowest, highest_threshold=highest)
    return write_bundle(run.bundle, replace(card, classes=classes), files)


def fit_temperature(logits: Logits, labels: Labels, known: int) -> float:
    """The temperature at which the first suggestions' scores best foretell which of them are right.

    That is what people see of the softmax. A temperature that makes all outputs likeliest instead, the background
    output among them, leaves those scores further from the truth.

    Args:
        logits: (N, outputs), negatives included.
        labels: (N,), the background output for negatives.
        known: landmarks; the outputs after them are background.

    Source:
        Temperature scaling, Guo et al. 2017, arXiv:1706.04599, section 4.2, on the top label alone.
    """
    best = min(TEMPERATURES, key=lambda temperature: top1_nll(logits, labels, float(temperature), known))
    return round(float(best), 4)


def top1_nll(logits: Logits, labels: Labels, temperature: float, known: int) -> float:
    """Mean negative log-likelihood of the first suggestions being right or wrong, as their scores have it."""
    scores = probabilities(logits, temperature)[:, :known]  # (N, landmarks)
    right = scores.argmax(axis=1) == labels  # (N,)
    best = scores.max(axis=1)  # (N,)
    likely = np.where(right, best, 1 - best)  # (N,)
    return float(-np.log(np.maximum(likely, np.finfo(np.float64).eps)).mean())

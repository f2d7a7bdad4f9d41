"""Make scores mean what they say, and choose when a suggestion is a tag.

The one rule: both are fitted on the validation split; no test photo is ever seen here.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tagger.bundle import Bundle, write_bundle
from tagger.calibrate import probabilities
from tagger.engines.openvino import OpenVinoEngine
from training.dataset import photos
from training.evaluate import infer
from training.export import draft, weight_files
from training.run import Run

Logits = NDArray[np.float32]
Labels = NDArray[np.int64]

TEMPERATURES = (0.05, 20.0)
PRECISION = 1e-4
GOLDEN = (5**0.5 - 1) / 2


def calibrate(run: Run) -> Bundle:
    """Export the run's weights into its own bundle and fit temperature and threshold through the exported file."""
    bundle = write_bundle(run.bundle, draft(run), files := weight_files(run))
    engine = OpenVinoEngine(bundle, precision="float32")
    outputs = infer(engine, photos(run, run.entries("val")), run.recipe.workers)
    temperature = fit_temperature(outputs.logits, outputs.labels)
    known = len(run.classes)
    best = probabilities(outputs.logits, temperature)[:, :known].max(axis=1)  # (N,)
    threshold = choose_threshold(best, outputs.labels == known, run.recipe.threshold.max_negatives_tagged)
    classes = tuple(replace(entry, threshold=threshold) for entry in run.classes)
    run.log(stage="calibrate", temperature=temperature, threshold=threshold)
    return write_bundle(run.bundle, replace(bundle.card, classes=classes, temperature=temperature), files)


def fit_temperature(logits: Logits, labels: Labels) -> float:
    """The temperature at which the right outputs are likeliest.

    Args:
        logits: (N, outputs), negatives included.
        labels: (N,), the background output for negatives.

    Source:
        Guo et al. 2017, arXiv:1706.04599, section 4.2. The likelihood has one maximum in the temperature, so that
        a golden-section search over its logarithm finds it.
    """
    low, high = np.log(TEMPERATURES)
    while high - low > PRECISION:
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        if surprise(logits, labels, float(np.exp(left))) < surprise(logits, labels, float(np.exp(right))):
            high = right
        else:
            low = left
    return round(float(np.exp((low + high) / 2)), 4)


def surprise(logits: Logits, labels: Labels, temperature: float) -> float:
    """Mean negative log-likelihood of the right outputs."""
    right = probabilities(logits, temperature)[np.arange(len(labels)), labels]  # (N,)
    return float(-np.log(np.maximum(right, np.finfo(np.float64).tiny)).mean())


def choose_threshold(scores: NDArray[np.float64], is_negative: NDArray[np.bool_], max_negatives_tagged: float) -> float:
    """The lowest threshold at which no more than a share of the negatives is tagged.

    Args:
        scores: (N,), the best landmark's calibrated score of each photo.
        max_negatives_tagged: 0 to 1.

    Returns:
        Rounded up to three decimals; without negatives, 0.5.
    """
    negatives = np.sort(scores[is_negative])[::-1]
    if not len(negatives):
        return 0.5
    allowed = int(max_negatives_tagged * len(negatives))
    first_refused = negatives[allowed] if allowed < len(negatives) else 0.0
    return min(1.0, (int(first_refused * 1000) + 1) / 1000)

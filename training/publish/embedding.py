"""Add what embeddings need to a bundle: projections of both looks' features, and a background to compare with.

The one rule: everything is fitted on the training split. The first look's projection predicts the large network's
embeddings, so that all photos are in one space, whichever network answered them.

Source:
    How many dimensions and background photos it takes: `python -m benchmarks teach`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from tagger.model.bundle import Bundle, write_bundle
from tagger.model.card import EMBEDDING_FILE, FIRST_LOOK
from tagger.model.embedding import Embeddings, Projection
from tagger.model.engines import run
from tagger.model.engines.openvino import OpenVinoEngine
from training.data.manifest import DataError
from training.fit.dataset import PhotoDataset, data_loader, photo_dataset
from training.fit.experiment import Experiment

DIMENSIONS = 192
BACKGROUND = 320  # photos
WHITENING = 0.1  # of the mean variance, added to each: directions without variance are not blown up
RIDGE = 1e-5
BATCH = 32
SEED = 7

Features = NDArray[np.float32]


def add_embedding(experiment: Experiment, bundle: Bundle) -> Bundle:
    """Write the projections of a bundle's networks into it.

    Raises:
        DataError: a network has no second output with its features; export it again.
    """
    entries = experiment.entries("train")
    dataset, workers = photo_dataset(experiment, entries), experiment.recipe.workers
    features = _features(bundle, dataset, workers)
    large = fit_projection(features)
    files = {name: bundle.file(name).read_bytes() for name in bundle.card.files}
    files[EMBEDDING_FILE] = large.to_bytes()
    if small := bundle.first_look:
        as_large = replace(small, card=replace(small.card, bfloat16=bundle.card.bfloat16))
        predicted = fit_prediction(_features(as_large, dataset, workers), large(features))
        files[f"{FIRST_LOOK}/{EMBEDDING_FILE}"] = predicted.to_bytes()
    return write_bundle(bundle.folder, bundle.card, files)


def fit_projection(features: Features, dimensions: int = DIMENSIONS) -> Projection:
    """Whiten the first principal components of training photos' features, (N, features)."""
    mean = features.mean(axis=0, dtype=np.float64)
    centred = (features - mean).astype(np.float32)
    variances, directions = np.linalg.eigh((centred.T @ centred / len(features)).astype(np.float64))  # ascending
    variances, directions = variances[::-1][:dimensions], directions[:, ::-1][:, :dimensions]
    matrix = directions / np.sqrt(variances + WHITENING * variances.mean())  # (features, dimensions)
    projection = Projection(matrix.astype(np.float32), (-mean @ matrix).astype(np.float32), _no_background(matrix))
    chosen = np.random.default_rng(SEED).permutation(len(features))[:BACKGROUND]
    return replace(projection, background=projection(features[chosen]))


def fit_prediction(features: Features, embeddings: Embeddings) -> Projection:
    """Predict embeddings, (N, dimensions), from another network's features, (N, features), by ridge regression."""
    mean = features.mean(axis=0, dtype=np.float64)
    centred = features - mean  # (N, features)
    penalty = RIDGE * len(features) * np.eye(features.shape[1])
    matrix = np.linalg.solve(centred.T @ centred + penalty, centred.T @ (embeddings - embeddings.mean(axis=0)))
    bias = embeddings.mean(axis=0) - mean @ matrix  # (dimensions,)
    return Projection(matrix.astype(np.float32), bias.astype(np.float32), _no_background(matrix))


def _no_background(matrix: NDArray[np.float64]) -> Embeddings:
    return np.zeros((0, matrix.shape[1]), np.float32)


def _features(bundle: Bundle, dataset: PhotoDataset, workers: int) -> Features:
    """(N, features), in the engine and precision that a CPU uses for this bundle."""
    engine, rows = OpenVinoEngine(bundle), []
    for pixels, _ in tqdm(data_loader(dataset, BATCH, workers), desc="features"):
        features = run(engine, pixels.numpy()).features  # (B, features)
        if features is None:
            raise DataError(f"The network in {bundle.folder} does not give its features. Export it again.")
        rows.append(features)
    return np.concatenate(rows)

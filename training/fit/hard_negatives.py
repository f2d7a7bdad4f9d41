"""Hard-negative mining: an epoch shows those negatives more often in which the network sees a landmark.

Most negatives are easy, and a network that has learned them gains little from seeing them again.

Source:
    Sung and Poggio 1998, Example-Based Learning for View-Based Human Face Detection. Their rounds add false alarms;
    here the chance to be drawn rises with a landmark's probability.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from tagger.model.nets import Network
from training.data.manifest import Entry
from training.fit.dataset import photo_dataset
from training.fit.experiment import Experiment
from training.fit.linear_probe import compute_features

FLOOR = 0.05  # of a negative's weight, so that the easy ones are drawn too


def draw_epoch(network: Network, experiment: Experiment, seed: int) -> list[int]:
    """Draw the photos of an epoch: each landmark photo once, and as many negatives as the training split has.

    The recipe's fraction of the negatives is drawn by `landmark_share`, with replacement; the others are a random
    subset.

    Returns:
        Indices of photos in the training split, not shuffled.
    """
    entries = experiment.entries("train")
    negatives = [index for index, entry in enumerate(entries) if entry.landmark is None]
    mined = round(experiment.recipe.train.hard_negatives * len(negatives))
    if not mined:
        return list(range(len(entries)))
    weights = FLOOR + landmark_share(network, experiment, [entries[index] for index in negatives])  # (negatives,)
    generator = torch.Generator().manual_seed(seed)
    hard = torch.multinomial(weights, mined, replacement=True, generator=generator).tolist()
    others = torch.randperm(len(negatives), generator=generator)[mined:].tolist()
    landmarks = [index for index, entry in enumerate(entries) if entry.landmark]
    return landmarks + [negatives[index] for index in (*hard, *others)]


@torch.inference_mode()
def landmark_share(network: Network, experiment: Experiment, entries: list[Entry]) -> Tensor:
    """The probability that each photo shows a landmark, in the network's eyes: (N,), from 0 to 1."""
    recipe, dataset = experiment.recipe, photo_dataset(experiment, entries)
    # At the size of training, so that a checkpoint fits whatever input size the recipe has.
    dataset.contract = replace(recipe.input, size_px=recipe.train_px, resize_px=recipe.train_px)
    features, _ = compute_features(network, dataset, experiment)  # (N, features)
    logits = network.classifier(features.to(network.classifier.weight.device))  # (N, outputs)
    share: Tensor = logits.softmax(1)[:, : len(experiment.classes)].sum(1).cpu()  # (N,)
    return share

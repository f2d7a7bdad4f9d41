"""Stages 1 and 3: a linear layer on the features of a network that stands still.

The one rule: the features of each view are computed once; the layer then trains on all of them in seconds.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from tqdm import tqdm

from tagger.nets import EfficientNetLite
from training.augment import augment
from training.dataset import Photos, batches, network_input, photos
from training.recipe import Head
from training.run import Run

BATCH = 64


def fit_head(network: EfficientNetLite, run: Run, recipe: Head) -> None:
    """Train the network's classifier in place, from nothing."""
    features, labels = _views(network, run, recipe)
    head = network.classifier
    torch.nn.init.zeros_(head.weight)
    torch.nn.init.zeros_(head.bias)
    optimiser = torch.optim.AdamW(head.parameters(), recipe.rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, recipe.steps)
    torch.manual_seed(run.recipe.seed)
    for _ in range(recipe.steps):
        picked = torch.randint(len(features), (min(4096, len(features)),))  # (B,)
        logits = head(F.dropout(features[picked], network.dropout.p))  # (B, outputs)
        loss = F.cross_entropy(logits, labels[picked], label_smoothing=recipe.label_smoothing)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    run.log(stage="head", features=len(features), loss=round(float(loss.detach()), 4))


def _views(network: EfficientNetLite, run: Run, recipe: Head) -> tuple[Tensor, Tensor]:
    """Features (views × photos, 1280) of the training photos, and their labels."""
    entries, varied, seed = run.entries("train"), augment(run.recipe.train_px), run.recipe.seed * 1000
    sets = [photos(run, entries, augment=varied, seed=seed + view) for view in range(recipe.views)]
    sets += [photos(run, entries)] if recipe.at_rest else []
    parts = [_features(network, dataset, run) for dataset in sets]
    return torch.cat([f for f, _ in parts]), torch.cat([y for _, y in parts])  # (V·N, 1280), (V·N,)


@torch.inference_mode()
def _features(network: EfficientNetLite, dataset: Photos, run: Run) -> tuple[Tensor, Tensor]:
    network.eval()
    features, labels = [], []
    for pixels, targets in tqdm(batches(dataset, BATCH, run.recipe.workers), desc="features"):
        with torch.autocast("cpu", torch.bfloat16):
            features.append(network.features(network_input(pixels, run.recipe.input)).float())  # (B, 1280)
        labels.append(targets)  # (B,)
    return torch.cat(features), torch.cat(labels)  # (N, 1280), (N,)

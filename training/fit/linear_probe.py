"""Stages 1 and 3: a linear layer on the features of a network that stands still.

The one rule: the features of each view are computed once; the layer then trains on all of them in seconds.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from tqdm import tqdm

from tagger.model.nets import Network
from training.fit.augment import augment
from training.fit.dataset import Photos, batches, network_input, photos
from training.fit.device import half_precision, used_device
from training.fit.experiment import Experiment
from training.fit.frozen_backbone import FrozenBackbone
from training.fit.recipe import Head

BATCH = 64


def fit_head(network: Network, run: Experiment, recipe: Head) -> None:
    """Train the network's classifier in place, from nothing."""
    seen, labels = _views(network, run, recipe)
    head = network.classifier.cpu()  # so small that moving the features would take longer
    loss = train_linear(head, seen, labels, recipe, dropout=network.dropout.p, seed=run.recipe.seed)
    head.to(used_device(run.recipe.device))
    run.log(stage="head", features=len(seen), loss=round(loss, 4))


def train_linear(head: nn.Linear, seen: Tensor, targets: Tensor, recipe: Head, *, dropout: float, seed: int) -> float:
    """Train a linear layer in place, from nothing.

    Args:
        seen: (N, features).
        targets: (N,) outputs that should win, or (N, outputs) shares.

    Returns:
        The last step's loss.
    """
    torch.nn.init.zeros_(head.weight)
    torch.nn.init.zeros_(head.bias)
    optimiser = torch.optim.AdamW(head.parameters(), recipe.rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, recipe.steps)
    torch.manual_seed(seed)
    for _ in range(recipe.steps):
        picked = torch.randint(len(seen), (min(4096, len(seen)),))  # (B,)
        logits = head(F.dropout(seen[picked], dropout))  # (B, outputs)
        loss = F.cross_entropy(logits, targets[picked], label_smoothing=recipe.label_smoothing)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    return float(loss.detach())


def _views(network: Network, run: Experiment, recipe: Head) -> tuple[Tensor, Tensor]:
    """Features (views × photos, features) of the training photos, and their labels."""
    at_rest, seed = photos(run, run.entries("train")), run.recipe.seed * 1000
    change = augment(run.recipe.train_px, run.recipe.augment)
    sets = [at_rest.varied(change, seed + view) for view in range(recipe.views)]
    sets += [at_rest] if recipe.at_rest else []
    parts = [features(network, dataset, run) for dataset in sets]
    return torch.cat([f for f, _ in parts]), torch.cat([y for _, y in parts])  # (V·N, features), (V·N,)


@torch.inference_mode()
def features(network: Network, dataset: Photos, run: Experiment) -> tuple[Tensor, Tensor]:
    """(N, features) of a set of photos, in its order, and (N,) labels."""
    network.eval()
    device = used_device(run.recipe.device)
    trunk = FrozenBackbone(network, len(network.parts), device)
    rows, labels = [], []
    for pixels, targets in tqdm(batches(dataset, BATCH, run.recipe.workers), desc="features"):
        with half_precision(device):
            seen = trunk.features(network, network_input(pixels, run.recipe.input).to(device))  # (B, features)
        rows.append(seen.float().cpu())
        labels.append(targets)  # (B,)
    return torch.cat(rows), torch.cat(labels)  # (N, features), (N,)

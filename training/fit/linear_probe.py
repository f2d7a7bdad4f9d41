"""Stages 1 and 3: a linear layer on the features of a frozen network.

The features of each view are computed once; the layer then trains on them in seconds.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from tqdm import tqdm

from tagger.model.nets import Network
from training.fit.augment import augmentation
from training.fit.dataset import PhotoDataset, data_loader, network_input, photo_dataset
from training.fit.device import autocast, resolve_device
from training.fit.experiment import Experiment
from training.fit.frozen_backbone import FrozenBackbone
from training.fit.recipe import Head

BATCH = 64  # photos
MAX_FEATURES = 4096  # photos' features in a batch of the linear layer


def fit_linear_probe(network: Network, experiment: Experiment, recipe: Head) -> None:
    """Train the network's classifier in place, from zero."""
    inputs, labels = _training_features(network, experiment, recipe)
    layer = network.classifier.cpu()  # small; moving the features to a GPU would take longer
    loss = train_linear(layer, inputs, labels, recipe, dropout=network.dropout.p, seed=experiment.recipe.seed)
    layer.to(resolve_device(experiment.recipe.device))
    experiment.log(stage="head", features=len(inputs), loss=round(loss, 4))


def train_linear(
    layer: nn.Linear, inputs: Tensor, targets: Tensor, recipe: Head, *, dropout: float, seed: int
) -> float:
    """Train a linear layer in place, from zero.

    Args:
        inputs: (N, features).
        targets: (N,) indices of the outputs that should win, or (N, outputs) rows that sum to 1.
        dropout: of the inputs, a probability.
        seed: of batches and dropout.

    Returns:
        The last step's loss.
    """
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    optimiser = torch.optim.AdamW(layer.parameters(), recipe.rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, recipe.steps)
    torch.manual_seed(seed)
    for _ in range(recipe.steps):
        rows = torch.randint(len(inputs), (min(MAX_FEATURES, len(inputs)),))  # (B,)
        logits = layer(F.dropout(inputs[rows], dropout))  # (B, outputs)
        loss = F.cross_entropy(logits, targets[rows], label_smoothing=recipe.label_smoothing)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    return float(loss.detach())


@torch.inference_mode()
def compute_features(network: Network, dataset: PhotoDataset, experiment: Experiment) -> tuple[Tensor, Tensor]:
    """Features (N, features) and labels (N,) of a set of photos, in its order."""
    network.eval()
    recipe = experiment.recipe
    device = resolve_device(recipe.device)
    backbone = FrozenBackbone(network, len(network.parts), device)
    rows, labels = [], []
    for pixels, targets in tqdm(data_loader(dataset, BATCH, recipe.workers), desc="features"):
        with autocast(device):
            batch = backbone.features(network, network_input(pixels, recipe.input).to(device))  # (B, features)
        rows.append(batch.float().cpu())
        labels.append(targets)  # (B,)
    return torch.cat(rows), torch.cat(labels)  # (N, features), (N,)


def _training_features(network: Network, experiment: Experiment, recipe: Head) -> tuple[Tensor, Tensor]:
    """Features (views × photos, features) of the training photos, and their labels."""
    plain, seed = photo_dataset(experiment, experiment.entries("train")), experiment.recipe.seed * 1000
    transform = augmentation(experiment.recipe.train_px, experiment.recipe.augment)
    views = [plain.transformed(transform, seed + view) for view in range(recipe.views)]
    views += [plain] if recipe.at_rest else []
    parts = [compute_features(network, view, experiment) for view in views]
    return torch.cat([f for f, _ in parts]), torch.cat([y for _, y in parts])  # (V·N, features), (V·N,)

"""The state of a training, and how it is saved between epochs.

The one rule: whatever is not in a checkpoint must follow from the recipe and the epoch number.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import torch
from torch import nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from tagger.model.nets import Network
from training.data.manifest import DataError
from training.fit.device import compute_dtype
from training.fit.experiment import Experiment
from training.fit.recipe import Train

SAVED = ("network", "average", "optimiser", "schedule", "scaler")


@dataclass(slots=True)
class TrainingState:
    """A network in training.

    Args:
        average: exponential moving average of the network's weights; these are measured and kept.
        scaler: of the loss; only float16 needs it.
    """

    network: Network
    average: AveragedModel
    optimiser: AdamW
    schedule: LambdaLR
    scaler: torch.amp.GradScaler
    epochs_done: int = 0

    @property
    def averaged(self) -> Network:
        return cast(Network, self.average.module)


def initial_state(network: Network, recipe: Train, device: torch.device, steps: int) -> TrainingState:
    """The state before the first epoch.

    Args:
        steps: batches in an epoch.
    """
    for part in frozen_parts(network, recipe):
        part.requires_grad_(False)
    optimiser = AdamW(list(_parameter_groups(network, recipe)))
    warmup, total = max(1, round(recipe.warmup_epochs * steps)), recipe.epochs * steps
    schedule = LambdaLR(optimiser, lambda step: _rate_factor(step, warmup, total))
    averaging = get_ema_multi_avg_fn(recipe.ema_decay)  # type: ignore[no-untyped-call]
    average = AveragedModel(network, multi_avg_fn=averaging, use_buffers=True)
    scaler = torch.amp.GradScaler(device.type, enabled=compute_dtype(device) == torch.float16)
    return TrainingState(network, average, optimiser, schedule, scaler)


def frozen_parts(network: Network, recipe: Train) -> list[nn.Module]:
    """The parts that keep their weights and batch-norm statistics."""
    return network.parts[: recipe.frozen_parts]


def save_checkpoint(state: TrainingState, experiment: Experiment) -> None:
    """Replace the checkpoint atomically, so that a complete one always exists."""
    parts = {name: getattr(state, name).state_dict() for name in SAVED}
    partial = experiment.checkpoint.with_suffix(".partial")
    torch.save(parts | {"epochs_done": state.epochs_done, "made_by": experiment.fingerprint}, partial)
    partial.replace(experiment.checkpoint)


def load_checkpoint(state: TrainingState, experiment: Experiment) -> None:
    """Continue from the experiment's checkpoint.

    Raises:
        DataError: it was made with another recipe, or on other photos.
    """
    parts = torch.load(experiment.checkpoint, weights_only=True, map_location="cpu")
    if parts["made_by"] != experiment.fingerprint:
        raise DataError(
            f"{experiment.checkpoint} was made with another recipe or other photos. Omit --resume to start again."
        )
    for name in SAVED:
        getattr(state, name).load_state_dict(parts[name])
    state.epochs_done = parts["epochs_done"]


def _parameter_groups(network: Network, recipe: Train) -> Iterator[dict[str, object]]:
    """Parameters by learning rate, from the head down; norms and biases have no weight decay."""
    rates = {id(p): recipe.rate for p in network.parameters()}  # parameters outside all parts learn like the head
    for depth, part in enumerate(reversed(network.parts), start=1):
        rates |= {id(p): recipe.rate * recipe.rate_decay**depth for p in part.parameters()}
    for rate in sorted(set(rates.values()), reverse=True):
        trained = [p for p in network.parameters() if p.requires_grad and rates[id(p)] == rate]
        yield {"params": [p for p in trained if p.ndim > 1], "lr": rate, "weight_decay": recipe.weight_decay}
        yield {"params": [p for p in trained if p.ndim <= 1], "lr": rate, "weight_decay": 0.0}


def _rate_factor(step: int, warmup: int, total: int) -> float:
    """A linear rise, then half a cosine to zero."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total - warmup)))

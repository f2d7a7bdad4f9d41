"""All that an epoch changes, and how it survives between two epochs.

The one rule: what is not in a checkpoint must follow from the recipe and the number of the epoch.
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
from training.fit.device import half_dtype
from training.fit.experiment import Experiment
from training.fit.recipe import Train

HELD = ("network", "average", "optimiser", "schedule", "scaler")


@dataclass(slots=True)
class Checkpoint:
    """A network at work.

    Args:
        average: exponential moving average of the network's weights; it is what is measured and kept.
        scaler: only float16 needs it.
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


def begin(network: Network, recipe: Train, device: torch.device, steps: int) -> Checkpoint:
    """The state before the first epoch.

    Args:
        steps: batches in an epoch.
    """
    for part in frozen(network, recipe):
        part.requires_grad_(False)
    optimiser = AdamW(list(_groups(network, recipe)))
    warmup, total = max(1, round(recipe.warmup_epochs * steps)), recipe.epochs * steps
    schedule = LambdaLR(optimiser, lambda step: _rate_factor(step, warmup, total))
    averaging = get_ema_multi_avg_fn(recipe.ema_decay)  # type: ignore[no-untyped-call]
    average = AveragedModel(network, multi_avg_fn=averaging, use_buffers=True)
    scaler = torch.amp.GradScaler(device.type, enabled=half_dtype(device) == torch.float16)
    return Checkpoint(network, average, optimiser, schedule, scaler)


def frozen(network: Network, recipe: Train) -> list[nn.Module]:
    """The parts that keep their weights."""
    return network.parts[: recipe.frozen_parts]


def save(state: Checkpoint, run: Experiment) -> None:
    """Replace the run's checkpoint at once, so that there always is a whole one."""
    parts = {name: getattr(state, name).state_dict() for name in HELD}
    partial = run.checkpoint.with_suffix(".partial")
    torch.save(parts | {"epochs_done": state.epochs_done, "made_by": run.what_trains}, partial)
    partial.replace(run.checkpoint)


def restore(state: Checkpoint, run: Experiment) -> None:
    """Continue where the run's checkpoint stopped.

    Raises:
        DataError: it was made under another recipe, or on other photos.
    """
    parts = torch.load(run.checkpoint, weights_only=True, map_location="cpu")
    if parts["made_by"] != run.what_trains:
        raise DataError(
            f"{run.checkpoint} was made by another recipe or other photos. Leave --resume out to start again."
        )
    for name in HELD:
        getattr(state, name).load_state_dict(parts[name])
    state.epochs_done = parts["epochs_done"]


def _groups(network: Network, recipe: Train) -> Iterator[dict[str, object]]:
    """Parameters with their rates, from the head down; weight decay spares norms and biases."""
    rated = {id(p): recipe.rate for p in network.parameters()}  # what lies in no part learns as the head does
    for depth, part in enumerate(reversed(network.parts), start=1):
        rated |= {id(p): recipe.rate * recipe.rate_decay**depth for p in part.parameters()}
    for rate in sorted(set(rated.values()), reverse=True):
        trained = [p for p in network.parameters() if p.requires_grad and rated[id(p)] == rate]
        yield {"params": [p for p in trained if p.ndim > 1], "lr": rate, "weight_decay": recipe.weight_decay}
        yield {"params": [p for p in trained if p.ndim <= 1], "lr": rate, "weight_decay": 0.0}


def _rate_factor(step: int, warmup: int, total: int) -> float:
    """A linear rise, then half a cosine to zero."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total - warmup)))

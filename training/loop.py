"""Stage 2: fine-tune the later stages of the network.

The one rule: an epoch depends on the state before it and its number only, so that a run that was interrupted
continues from its checkpoint as if nothing had happened.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from tagger.nets import EfficientNetLite
from training.augment import augment
from training.dataset import batches, network_input, photos
from training.prepare import DataError
from training.recipe import Finetune
from training.run import Run


@dataclass(slots=True)
class State:
    """All that an epoch changes."""

    network: EfficientNetLite
    average: AveragedModel
    optimiser: AdamW
    schedule: LambdaLR
    epochs_done: int = 0


def finetune(network: EfficientNetLite, run: Run) -> EfficientNetLite:
    """Fine-tune in place from the run's checkpoint, if there is one.

    Returns:
        The network with averaged weights.

    Raises:
        DataError: fewer training photos than a batch, or the checkpoint is another recipe's.
    """
    recipe = run.recipe.finetune
    steps = len(run.entries("train")) // recipe.batch
    if not steps:
        raise DataError(f"Fewer training photos than a batch of {recipe.batch}. Name a smaller batch in the recipe.")
    state = _begin(network, recipe, steps)
    if run.checkpoint.exists():
        _restore(state, run)
    while state.epochs_done < recipe.epochs:
        loss = _epoch(state, run)
        state.epochs_done += 1
        _save(state, run)
        run.log(stage="finetune", epoch=state.epochs_done, loss=round(loss, 4), val_top1=_val_top1(state, run))
    return cast(EfficientNetLite, state.average.module)


def _begin(network: EfficientNetLite, recipe: Finetune, steps: int) -> State:
    for part in _frozen(network, recipe):
        part.requires_grad_(False)
    optimiser = AdamW(list(_groups(network, recipe)))
    warmup, total = max(1, round(recipe.warmup_epochs * steps)), recipe.epochs * steps
    schedule = LambdaLR(optimiser, lambda step: _rate_factor(step, warmup, total))
    averaging = get_ema_multi_avg_fn(recipe.ema_decay)  # type: ignore[no-untyped-call]
    average = AveragedModel(network, multi_avg_fn=averaging, use_buffers=True)
    return State(network, average, optimiser, schedule)


def _frozen(network: EfficientNetLite, recipe: Finetune) -> list[nn.Module]:
    return [network.stem, *network.stages[: recipe.frozen_stages]]


def _groups(network: EfficientNetLite, recipe: Finetune) -> Iterator[dict[str, object]]:
    """Parameters with their rates, from the head down; weight decay spares batch norms and biases."""
    parts = [network.classifier, network.top, *reversed(network.stages[recipe.frozen_stages :])]
    for depth, part in enumerate(parts):
        rate = recipe.rate * recipe.rate_decay**depth
        matrices = [p for p in part.parameters() if p.ndim > 1]
        others = [p for p in part.parameters() if p.ndim == 1]
        yield {"params": matrices, "lr": rate, "weight_decay": recipe.weight_decay}
        yield {"params": others, "lr": rate, "weight_decay": 0.0}


def _rate_factor(step: int, warmup: int, total: int) -> float:
    """A linear rise, then half a cosine to zero."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total - warmup)))


def _epoch(state: State, run: Run) -> float:
    """One pass over the training photos; returns the mean loss."""
    recipe, number = run.recipe.finetune, run.recipe.seed * 1000 + 500 + state.epochs_done
    torch.manual_seed(number)  # dropout
    dataset = photos(run, run.entries("train"), augment=augment(run.recipe.train_px), seed=number)
    state.network.train()
    for part in _frozen(state.network, recipe):
        part.eval()
    losses = []
    loader = batches(dataset, recipe.batch, run.recipe.workers, shuffle_seed=number)
    for pixels, labels in tqdm(loader, desc=f"epoch {state.epochs_done + 1}"):
        losses.append(_step(state, network_input(pixels, run.recipe.input), labels, recipe.label_smoothing))
    return sum(losses) / len(losses)


def _step(state: State, values: Tensor, labels: Tensor, label_smoothing: float) -> float:
    with torch.autocast("cpu", torch.bfloat16):
        logits = state.network(values)  # (B, outputs)
    loss = F.cross_entropy(logits.float(), labels, label_smoothing=label_smoothing)
    state.optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    state.optimiser.step()
    state.schedule.step()
    state.average.update_parameters(state.network)
    return float(loss.detach())


@torch.inference_mode()
def _val_top1(state: State, run: Run) -> float:
    """Of the averaged network on the validation split's landmark photos."""
    state.average.eval()
    entries = [entry for entry in run.entries("val") if entry.landmark]
    right = 0
    for pixels, labels in batches(photos(run, entries), run.recipe.finetune.batch, run.recipe.workers):
        with torch.autocast("cpu", torch.bfloat16):
            logits = state.average(network_input(pixels, run.recipe.input))  # (B, outputs)
        right += int((logits[:, :-1].argmax(1) == labels).sum())
    return round(right / max(1, len(entries)), 4)


def _save(state: State, run: Run) -> None:
    parts = {
        "network": state.network.state_dict(),
        "average": state.average.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "schedule": state.schedule.state_dict(),
        "epochs_done": state.epochs_done,
        "recipe": run.recipe.what_trains,
    }
    partial = run.checkpoint.with_suffix(".partial")
    torch.save(parts, partial)
    partial.replace(run.checkpoint)


def _restore(state: State, run: Run) -> None:
    parts = torch.load(run.checkpoint, weights_only=True)
    if parts["recipe"] != run.recipe.what_trains:
        raise DataError(f"{run.checkpoint} was made by another recipe. Leave --resume out to start again.")
    state.network.load_state_dict(parts["network"])
    state.average.load_state_dict(parts["average"])
    state.optimiser.load_state_dict(parts["optimiser"])
    state.schedule.load_state_dict(parts["schedule"])
    state.epochs_done = parts["epochs_done"]

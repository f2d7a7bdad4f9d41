"""The training loop: gradient descent through a network, from random weights or from published ones.

The one rule: an epoch depends on the state before it and its number only, so that a run that was interrupted
continues from its checkpoint as if nothing had happened.
"""

from __future__ import annotations

import time

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from tqdm import tqdm

from tagger.model.nets import Network
from training.data.manifest import DataError
from training.fit.augment import augment
from training.fit.checkpoint import Checkpoint, begin, frozen, restore, save
from training.fit.dataset import Photos, batches, network_input, photos
from training.fit.device import device_name, half_precision, used_device
from training.fit.experiment import Experiment
from training.fit.frozen_backbone import FrozenBackbone
from training.fit.mixup import mixup
from training.fit.recipe import Recipe
from training.fit.tensorboard import TensorBoardLog

GROWTH = 2 / 3  # of the epochs, until the crops have their full size
CROP_STEP = 32  # px; the networks halve a side five times


def train(network: Network, run: Experiment) -> Network:
    """Train in place, going on from the run's checkpoint if there is one.

    Returns:
        The network with averaged weights.

    Raises:
        DataError: fewer training photos than a batch, or the checkpoint is another recipe's.
    """
    recipe, device = run.recipe.train, used_device(run.recipe.device)
    entries = run.entries("train")
    if not (steps := len(entries) // recipe.batch):
        raise DataError(f"Fewer training photos than a batch of {recipe.batch}. Name a smaller batch in the recipe.")
    state = begin(network.to(device), recipe, device, steps)
    if run.checkpoint.exists():
        restore(state, run)
    dataset = photos(run, entries, keep_px=recipe.keep_px)
    trunk = FrozenBackbone(network, recipe.frozen_parts, device)
    with TensorBoardLog(run.folder) as curves:
        while state.epochs_done < recipe.epochs:
            begun = time.monotonic()
            loss = _epoch(state, run, dataset, trunk)
            state.epochs_done += 1
            save(state, run)
            speed = steps * recipe.batch / (time.monotonic() - begun)
            figures = {
                "loss": round(loss, 4),
                "val_top1": _val_top1(state, run, trunk),
                "photos_a_second": round(speed, 1),
            }
            curves.add(state.epochs_done, figures)
            run.log(stage="train", epoch=state.epochs_done, device=device_name(device), **figures)
    return state.averaged


def crop_px(recipe: Recipe, epoch: int) -> int:
    """Side of the crops in an epoch, counted from 0.

    Source:
        Small crops first: Tan and Le 2021, arXiv:2104.00298, section 4.2.
    """
    first, last = recipe.train.grow_from_px, recipe.train_px
    grown = min(1.0, epoch / max(1.0, recipe.train.epochs * GROWTH))
    if not first or grown == 1.0:
        return last
    return first + round((last - first) * grown / CROP_STEP) * CROP_STEP


def _epoch(state: Checkpoint, run: Experiment, dataset: Photos, trunk: FrozenBackbone) -> float:
    """One pass over the training photos; returns the mean loss."""
    recipe, number = run.recipe.train, run.recipe.seed * 1000 + 500 + state.epochs_done
    torch.manual_seed(number)  # dropout and blending
    varied = dataset.varied(augment(crop_px(run.recipe, state.epochs_done), run.recipe.augment), number)
    state.network.train()
    for part in frozen(state.network, recipe):
        part.eval()
    losses = []
    loader = batches(varied, recipe.batch, run.recipe.workers, shuffle_seed=number)
    for pixels, labels in tqdm(loader, desc=f"epoch {state.epochs_done + 1}/{recipe.epochs}"):
        losses.append(_step(state, run, trunk, network_input(pixels, run.recipe.input), labels))
    return sum(losses) / len(losses)


def _step(state: Checkpoint, run: Experiment, trunk: FrozenBackbone, values: Tensor, labels: Tensor) -> float:
    recipe, device = run.recipe.train, used_device(run.recipe.device)
    targets = F.one_hot(labels, run.outputs).float().to(device)  # (B, outputs)
    values, targets = mixup(values.to(device), targets, recipe.mix)
    with half_precision(device):
        logits = trunk.logits(state.network, values)  # (B, outputs)
    loss = F.cross_entropy(logits.float(), targets, label_smoothing=recipe.label_smoothing)
    state.optimiser.zero_grad()
    state.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
    state.scaler.step(state.optimiser)
    state.scaler.update()
    state.schedule.step()
    state.average.update_parameters(state.network)
    return float(loss.detach())


@torch.inference_mode()
def _val_top1(state: Checkpoint, run: Experiment, trunk: FrozenBackbone) -> float:
    """Of the averaged network on the validation split's landmark photos."""
    average = state.averaged.eval()
    device = used_device(run.recipe.device)
    entries = [entry for entry in run.entries("val") if entry.landmark]
    right = 0
    for pixels, labels in batches(photos(run, entries), run.recipe.train.batch, run.recipe.workers):
        with half_precision(device):
            logits = trunk.logits(average, network_input(pixels, run.recipe.input).to(device))  # (B, outputs)
        right += int((logits[:, : len(run.classes)].argmax(1).cpu() == labels).sum())
    return round(right / max(1, len(entries)), 4)

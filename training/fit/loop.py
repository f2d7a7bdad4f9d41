"""The training loop: gradient descent through a network, from random or published weights.

The one rule: an epoch depends only on its number and the state before it, so a resumed training gives the result of an
uninterrupted one.
"""

from __future__ import annotations

import time

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from tagger.model.nets import Network
from training.fit.augment import augmentation
from training.fit.checkpoint import TrainingState, frozen_parts, initial_state, load_checkpoint, save_checkpoint
from training.fit.dataset import PhotoDataset, data_loader, network_input, photo_dataset
from training.fit.device import autocast, device_name, resolve_device
from training.fit.distillation import Teacher
from training.fit.experiment import Experiment
from training.fit.frozen_backbone import FrozenBackbone
from training.fit.mixup import mixup
from training.fit.recipe import Recipe

GROWTH = 2 / 3  # fraction of the epochs until crops have their full size
CROP_STEP = 32  # px; the networks halve a side five times


def train(network: Network, experiment: Experiment) -> Network:
    """Train in place, from the experiment's checkpoint if there is one.

    Returns:
        The network with averaged weights.

    Raises:
        DataError: the checkpoint belongs to another recipe.
    """
    recipe, device = experiment.recipe.train, resolve_device(experiment.recipe.device)
    entries = experiment.entries("train")
    steps = len(entries) // recipe.batch
    state = initial_state(network.to(device), recipe, device, steps)
    if experiment.checkpoint.exists():
        load_checkpoint(state, experiment)
    dataset = photo_dataset(experiment, entries, keep_px=recipe.keep_px)
    backbone = FrozenBackbone(network, recipe.frozen_parts, device)
    teacher = Teacher(experiment) if experiment.recipe.distill else None
    with SummaryWriter(str(experiment.folder / "curves")) as tensorboard:
        while state.epochs_done < recipe.epochs:
            start = time.monotonic()
            loss = _train_epoch(state, experiment, dataset, backbone, teacher)
            state.epochs_done += 1
            save_checkpoint(state, experiment)
            speed = steps * recipe.batch / (time.monotonic() - start)
            figures = {
                "loss": round(loss, 4),
                "val_top1": _val_top1(state, experiment, backbone),
                "photos_a_second": round(speed, 1),
            }
            for name, value in figures.items():
                tensorboard.add_scalar(name, value, state.epochs_done)
            experiment.log(stage="train", epoch=state.epochs_done, device=device_name(device), **figures)
    return state.averaged


def crop_px(recipe: Recipe, epoch: int) -> int:
    """Side of the crops in an epoch, counted from 0.

    Source:
        Progressive learning: Tan and Le 2021, arXiv:2104.00298, section 4.2.
    """
    first, last = recipe.train.grow_from_px, recipe.train_px
    progress = min(1.0, epoch / max(1.0, recipe.train.epochs * GROWTH))
    if not first or progress == 1.0:
        return last
    return first + round((last - first) * progress / CROP_STEP) * CROP_STEP


def _train_epoch(
    state: TrainingState,
    experiment: Experiment,
    dataset: PhotoDataset,
    backbone: FrozenBackbone,
    teacher: Teacher | None,
) -> float:
    """One pass over the training photos; returns the mean loss."""
    recipe, epoch = experiment.recipe, state.epochs_done
    seed = recipe.seed * 1000 + 500 + epoch
    torch.manual_seed(seed)  # of dropout and mixup
    augmented = dataset.transformed(augmentation(crop_px(recipe, epoch), recipe.augment), seed)
    state.network.train()
    for part in frozen_parts(state.network, recipe.train):
        part.eval()
    losses = []
    loader = data_loader(augmented, recipe.train.batch, recipe.workers, shuffle_seed=seed)
    for pixels, labels in tqdm(loader, desc=f"epoch {epoch + 1}/{recipe.train.epochs}"):
        values = network_input(pixels, recipe.input)  # (B, 3, H, W)
        losses.append(_train_step(state, experiment, backbone, teacher, values, labels))
    return sum(losses) / len(losses)


def _train_step(
    state: TrainingState,
    experiment: Experiment,
    backbone: FrozenBackbone,
    teacher: Teacher | None,
    values: Tensor,
    labels: Tensor,
) -> float:
    """One step of the optimiser on photos (B, 3, H, W) and labels (B,); returns the loss."""
    recipe, device = experiment.recipe.train, resolve_device(experiment.recipe.device)
    targets = F.one_hot(labels, experiment.outputs).float().to(device)  # (B, outputs)
    values, targets = mixup(values.to(device), targets, recipe.mix)
    with autocast(device):
        logits = backbone.logits(state.network, values)  # (B, outputs)
    loss = F.cross_entropy(logits.float(), targets, label_smoothing=recipe.label_smoothing)
    if teacher:
        loss = teacher.blend(loss, logits.float(), values)
    state.optimiser.zero_grad()
    state.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
    state.scaler.step(state.optimiser)
    state.scaler.update()
    state.schedule.step()
    state.average.update_parameters(state.network)
    return float(loss.detach())


@torch.inference_mode()
def _val_top1(state: TrainingState, experiment: Experiment, backbone: FrozenBackbone) -> float:
    """Top-1 accuracy of the averaged network on the validation split's landmark photos."""
    average, recipe = state.averaged.eval(), experiment.recipe
    device = resolve_device(recipe.device)
    entries = [entry for entry in experiment.entries("val") if entry.landmark]
    correct = 0
    for pixels, labels in data_loader(photo_dataset(experiment, entries), recipe.train.batch, recipe.workers):
        with autocast(device):
            logits = backbone.logits(average, network_input(pixels, recipe.input).to(device))  # (B, outputs)
        correct += int((logits[:, : len(experiment.classes)].argmax(1).cpu() == labels).sum())
    return round(correct / max(1, len(entries)), 4)

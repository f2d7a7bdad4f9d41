"""From photos to weights: a base, a head on it, gradient descent through the network, and the head once more.

From random weights, the second step is all there is. From published ones, the head comes first, so that the first
steps through the network do not carry the noise of a random head into it. Label smoothing helps those steps but blurs
what comes second; a last head without it, on the trained features, mends that.

The one rule: what it does is decided by the recipe and its seed alone.
"""

from __future__ import annotations

import time

import torch
from safetensors.torch import save_file

from tagger.model.nets import Network, build
from training.data.manifest import DataError
from training.fit.device import device_name, used_device
from training.fit.experiment import Experiment
from training.fit.linear_probe import fit_head
from training.fit.loop import train
from training.fit.pretrained import imagenet


def fit(run: Experiment, *, resume: bool = False) -> None:
    """Train and write the run's weights.

    Args:
        resume: continue after the last epoch that the run's checkpoint holds.

    Raises:
        DataError: a landmark has no training photo, or a photo's landmark no place.
    """
    begun, recipe = time.monotonic(), run.recipe
    _check_classes(run)
    torch.manual_seed(recipe.seed)
    network = _base(run).to(memory_format=torch.channels_last).to(used_device(recipe.device))
    goes_on = resume and run.checkpoint.exists()
    if not goes_on:
        run.checkpoint.unlink(missing_ok=True)
        if recipe.head:
            fit_head(network, run, recipe.head)
    if recipe.train.epochs:
        network = train(network, run)
        if recipe.refit:
            fit_head(network, run, recipe.refit)
    save_file({name: tensor.cpu().contiguous() for name, tensor in network.state_dict().items()}, run.weights)
    minutes = round((time.monotonic() - begun) / 60, 1)
    run.log(stage="fitted", minutes=minutes, resumed=goes_on, device=device_name(used_device(recipe.device)))


def _base(run: Experiment) -> Network:
    if run.recipe.base == "random":
        return build(run.recipe.network, run.outputs)
    return imagenet(run.recipe.network, run.outputs, run.recipe.base_weights)


def _check_classes(run: Experiment) -> None:
    seen = {run.label(entry) for entry in run.entries("train")}
    for index, place in enumerate(run.classes):
        if index not in seen:
            raise DataError(f"No training photo shows {place.id!r}. Add some, or take it out of the landmarks file.")

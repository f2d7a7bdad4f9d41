"""From photos to weights, in three stages.

1. A linear probe on the base network, so that stage 2 does not start with a random head's noise. With random weights it
   is useless.
2. Gradient descent through the network.
3. Another linear probe on the trained features: label smoothing helps stage 2 but blurs the second-best landmarks.

A recipe may omit any stage. The result depends only on the recipe and its seed.
"""

from __future__ import annotations

import time

import torch
from safetensors.torch import save_file

from tagger.model.nets import Network, build
from training.fit.device import device_name, resolve_device
from training.fit.experiment import Experiment
from training.fit.linear_probe import fit_linear_probe
from training.fit.loop import train
from training.fit.pretrained import pretrained


def fit(experiment: Experiment, *, resume: bool = False) -> None:
    """Train and write the experiment's weights.

    Args:
        resume: continue after the last epoch in the checkpoint.
    """
    start, recipe = time.monotonic(), experiment.recipe
    torch.manual_seed(recipe.seed)
    device = resolve_device(recipe.device)
    network = _base(experiment).to(memory_format=torch.channels_last).to(device)
    resumed = resume and experiment.checkpoint.exists()
    if not resumed:
        experiment.checkpoint.unlink(missing_ok=True)
        if recipe.head:
            fit_linear_probe(network, experiment, recipe.head)
    if recipe.train.epochs:
        network = train(network, experiment)
        if recipe.refit:
            fit_linear_probe(network, experiment, recipe.refit)
    save_file({name: tensor.cpu().contiguous() for name, tensor in network.state_dict().items()}, experiment.weights)
    minutes = round((time.monotonic() - start) / 60, 1)
    experiment.log(stage="fitted", minutes=minutes, resumed=resumed, device=device_name(device))


def _base(experiment: Experiment) -> Network:
    recipe = experiment.recipe
    if recipe.base == "random":
        return build(recipe.network, experiment.outputs)
    return pretrained(recipe.network, experiment.outputs, recipe.base_weights)

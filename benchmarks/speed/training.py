"""What does a training step of the shipped recipe cost, with and without our two shortcuts?

The shortcuts are float32 gradients for depthwise convolutions (`tagger.model.nets.depthwise`) and frozen parts in
OpenVINO (`training.fit.frozen_backbone`). The variants take turns, so that a slow minute affects all alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from unittest.mock import patch

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from tagger.model.nets import build, efficientnet_lite
from training.fit.device import autocast
from training.fit.frozen_backbone import FrozenBackbone
from training.fit.recipe_file import load_recipe

RECIPE = Path(__file__).parents[2] / "training" / "recipes" / "transfer.toml"
OUTPUTS = 67
ROUNDS = 5
CPU = torch.device("cpu")


def main() -> None:
    torch.manual_seed(0)
    recipe = load_recipe(RECIPE)
    shape = (recipe.train.batch, 3, recipe.train_px, recipe.train_px)
    values = torch.randn(shape).contiguous(memory_format=torch.channels_last)  # (B, 3, H, W)
    labels = torch.randint(0, OUTPUTS, (len(values),))  # (B,)
    frozen = recipe.train.frozen_parts
    network = build(recipe.network, OUTPUTS).to(memory_format=torch.channels_last).train()
    for part in network.parts[:frozen]:
        part.requires_grad_(False).eval()
    whole, partly_frozen = FrozenBackbone(network, 0, CPU), FrozenBackbone(network, frozen, CPU)

    def step(through: FrozenBackbone) -> None:
        with autocast(CPU):
            logits = through.logits(network, values)  # (B, outputs)
        F.cross_entropy(logits.float(), labels).backward()  # type: ignore[no-untyped-call]

    variants: dict[str, Callable[[], None]] = {
        "torch alone": lambda: _plainly(lambda: step(whole)),
        "float32 gradients of depthwise convolutions": lambda: step(whole),
        "these, and frozen parts in OpenVINO": lambda: step(partly_frozen),
    }
    times = _timed(variants)
    first = median(times["torch alone"])
    print(f"{recipe.network}, {shape[2]} px, {frozen} parts frozen, batch {shape[0]}: photos/s and ratio")
    for name, seconds in times.items():
        print(f"{len(values) / median(seconds):6.1f}  {first / median(seconds):4.2f} ×  {name}")


def _timed(variants: dict[str, Callable[[], None]]) -> dict[str, list[float]]:
    for run in variants.values():
        run()
    times: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(ROUNDS):
        for name, run in variants.items():
            begun = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - begun)
    return times


def _plainly(run: Callable[[], None]) -> None:
    """Run with torch's own gradients of depthwise convolutions."""

    def plain(photos: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
        return F.conv2d(photos, weight, None, stride, padding, 1, photos.shape[1])

    with patch.object(efficientnet_lite, "depthwise", plain):
        run()

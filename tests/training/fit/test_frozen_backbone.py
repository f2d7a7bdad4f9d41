"""The parts that stand still give what torch would have given."""

from __future__ import annotations

import pytest
import torch

from tagger.model.nets import build
from training.fit.device import autocast
from training.fit.frozen_backbone import FrozenBackbone

CPU = torch.device("cpu")


@pytest.mark.slow
@pytest.mark.parametrize("parts", [0, 1, 4, 9])
def test_features_through_the_trunk_are_the_networks_own(parts: int) -> None:
    torch.manual_seed(1)
    network = build("efficientnet_lite0", 5).eval()
    photos = torch.randn(3, 3, 64, 64)  # (N, 3, H, W)
    with torch.inference_mode(), autocast(CPU):
        through = FrozenBackbone(network, parts, CPU).features(network, photos).float()
    with torch.inference_mode():
        own = network.features(photos)
    assert through.shape == own.shape
    assert float((through - own).abs().mean() / own.abs().mean()) < 0.05


@pytest.mark.slow
def test_a_gradient_reaches_what_lies_above_the_trunk_and_nothing_below() -> None:
    network = build("efficientnet_lite0", 5)
    with autocast(CPU):
        FrozenBackbone(network, 4, CPU).logits(network, torch.randn(2, 3, 64, 64)).float().sum().backward()  # type: ignore[no-untyped-call]
    assert all(p.grad is None for part in network.parts[:4] for p in part.parameters())
    assert all(p.grad is not None for part in network.parts[4:] for p in part.parameters())


def test_a_network_that_is_no_chain_runs_as_a_whole() -> None:
    network = build("torchvision/resnet18", 5).eval()
    photos = torch.randn(2, 3, 64, 64)  # (N, 3, H, W)
    backbone = FrozenBackbone(network, 2, CPU)
    with torch.inference_mode():
        torch.testing.assert_close(backbone.logits(network, photos), network(photos))
    assert backbone.parts == 0

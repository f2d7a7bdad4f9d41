"""Network definitions, by the name that a card gives. They need torch; `torchvision/…` needs torchvision as well.

A network takes normalised photos (N, 3, H, W) and returns logits (N, outputs).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tagger.model.nets.base import Chain, Network
from tagger.model.nets.efficientnet_lite import EfficientNetLite
from tagger.model.nets.half_lite import HalfLite
from tagger.model.nets.resnet_small import ResNetSmall
from tagger.model.nets.torchvision import PREFIX, Backbone

__all__ = ["NETWORKS", "Chain", "Network", "build"]

NETWORKS: dict[str, Callable[[int], Network]] = {
    "efficientnet_lite0": partial(EfficientNetLite, 1.0, 1.0),
    "efficientnet_lite1": partial(EfficientNetLite, 1.0, 1.1),
    "efficientnet_lite2": partial(EfficientNetLite, 1.1, 1.2),
    "half_lite0": HalfLite,
    "scratch": ResNetSmall,  # the name in published cards
}


def build(name: str, outputs: int) -> Network:
    """Make a network with random weights.

    Args:
        name: one of `NETWORKS`, or ``torchvision/`` and torchvision's name for it.
        outputs: width of the last layer.

    Raises:
        KeyError: there is no network of that name.
        MissingExtra: it needs torchvision, which is not installed.
    """
    if name.startswith(PREFIX):
        return Backbone(name.removeprefix(PREFIX), outputs)
    return NETWORKS[name](outputs)

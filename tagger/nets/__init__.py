"""Network definitions, by the name that a card gives. They need torch; `torchvision/…` needs torchvision as well.

The one rule: a network takes normalised photos (N, 3, H, W) and returns logits (N, outputs).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tagger.nets.backbone import PREFIX, Backbone
from tagger.nets.efficientnet_lite import EfficientNetLite
from tagger.nets.network import Chain, Network
from tagger.nets.scratch import Scratch

__all__ = ["NETWORKS", "Chain", "Network", "build"]

NETWORKS: dict[str, Callable[[int], Network]] = {
    "efficientnet_lite0": partial(EfficientNetLite, 1.0, 1.0),
    "efficientnet_lite1": partial(EfficientNetLite, 1.0, 1.1),
    "efficientnet_lite2": partial(EfficientNetLite, 1.1, 1.2),
    "scratch": Scratch,
}


def build(name: str, outputs: int) -> Network:
    """A network with random weights.

    Args:
        name: one of `NETWORKS`, or ``torchvision/`` and a name of torchvision's.
        outputs: width of the last layer.

    Raises:
        KeyError: no network of that name.
        MissingExtra: torchvision is needed and not installed.
    """
    if name.startswith(PREFIX):
        return Backbone(name.removeprefix(PREFIX), outputs)
    return NETWORKS[name](outputs)

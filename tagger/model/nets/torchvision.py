"""Any classification network of torchvision, by torchvision's name for it.

The one rule: its last linear layer becomes our classifier, whatever its name there; nothing else changes.
"""

from __future__ import annotations

from torch import Tensor, nn

from tagger.core.errors import ConfigError, MissingExtra
from tagger.model.nets.base import Network

PREFIX = "torchvision/"
DROPOUT = 0.2


class Backbone(Network):
    """A torchvision network with random weights.

    Args:
        name: such as ``resnet50``.

    Raises:
        ConfigError: torchvision has no such network, or it does not end in a linear layer.
        MissingExtra: torchvision is not installed.
    """

    def __init__(self, name: str, outputs: int) -> None:
        body = _torchvision(name)
        where, last = _last_linear(name, body)
        super().__init__()
        body.set_submodule(where, nn.Identity())
        self.body = body
        self.dropout = nn.Dropout(DROPOUT)
        self.classifier = nn.Linear(last.in_features, outputs)

    @property
    def parts(self) -> list[nn.Module]:
        """The body's children; instead of an nn.Sequential (VGG's or EfficientNet's features), the members of it."""
        parts: list[nn.Module] = []
        for child in self.body.children():
            parts += child.children() if isinstance(child, nn.Sequential) else [child]
        return [part for part in parts if next(part.parameters(), None) is not None]

    def features(self, photos: Tensor) -> Tensor:
        pooled: Tensor = self.body(photos)  # (N, features)
        return pooled


def _torchvision(name: str) -> nn.Module:
    try:
        from torchvision.models import get_model, list_models
    except ImportError as error:
        raise MissingExtra(f"The network {PREFIX}{name}", "train") from error
    if name not in list_models():
        raise ConfigError(f"torchvision has no network {name!r}. `torchvision.models.list_models()` lists them.")
    network: nn.Module = get_model(name, weights=None)
    return network


def _last_linear(name: str, body: nn.Module) -> tuple[str, nn.Linear]:
    linears = [(where, part) for where, part in body.named_modules() if isinstance(part, nn.Linear)]
    if not linears:
        raise ConfigError(f"{PREFIX}{name} has no linear layer to replace. Choose a classification network.")
    return linears[-1]

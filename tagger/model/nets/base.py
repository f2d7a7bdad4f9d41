"""What every network has in common, so that training, export and engines treat all of them alike.

The one rule: photos become features, and one linear layer turns features into logits.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Network(nn.Module, ABC):
    """Normalised photos to logits. A subclass declares its parts, then dropout and classifier."""

    dropout: nn.Dropout
    classifier: nn.Linear

    @property
    @abstractmethod
    def parts(self) -> list[nn.Module]:
        """Everything but the classifier, in the order in which data meets it."""

    @abstractmethod
    def features(self, photos: Tensor) -> Tensor:
        """Pooled features (N, features) of (N, 3, H, W) normalised photos."""

    def forward(self, photos: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.dropout(self.features(photos)))  # (N, outputs)
        return logits


class Chain(Network):
    """A network whose parts follow one another, so that it can also go on from between two of them."""

    @abstractmethod
    def pooled(self, x: Tensor) -> Tensor:
        """Features (N, features) of the last part's output (N, C, H', W')."""

    def features(self, photos: Tensor) -> Tensor:
        return self.after(photos, 0)

    def after(self, x: Tensor, parts: int) -> Tensor:
        """Features (N, features) of what the first so many parts gave."""
        for part in self.parts[parts:]:
            x = part(x)  # (N, C, H', W')
        return self.pooled(x)

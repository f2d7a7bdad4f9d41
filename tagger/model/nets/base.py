"""The common interface of networks for training, export and engines.

The one rule: photos become features, and one linear layer turns features into logits.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Network(nn.Module, ABC):
    """From normalised photos to logits. A subclass declares its parts, then dropout and classifier."""

    dropout: nn.Dropout
    classifier: nn.Linear

    @property
    @abstractmethod
    def parts(self) -> list[nn.Module]:
        """Everything but the classifier, in the order of the forward pass."""

    @abstractmethod
    def features(self, photos: Tensor) -> Tensor:
        """Pool normalised photos (N, 3, H, W) to features (N, features)."""

    def forward(self, photos: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.dropout(self.features(photos)))  # (N, outputs)
        return logits


class Chain(Network):
    """A network whose parts follow one another, so that it can also start between two of them."""

    @abstractmethod
    def pooled(self, x: Tensor) -> Tensor:
        """Pool the last part's output (N, C, H', W') to features (N, features)."""

    def features(self, photos: Tensor) -> Tensor:
        return self.features_from(photos, 0)

    def features_from(self, x: Tensor, start: int) -> Tensor:
        """Turn the input of a part into features.

        Args:
            x: (N, C, H, W), the output of the parts before it.
            start: the part's index.
        """
        for part in self.parts[start:]:
            x = part(x)  # (N, C, H', W')
        return self.pooled(x)

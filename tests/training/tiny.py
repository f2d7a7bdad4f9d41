"""A network so small that a test exports and trains it in a moment."""

from __future__ import annotations

from torch import Tensor, nn

from tagger.model.nets import Chain

CHANNELS = 8
PARTS = 5


class Tiny(Chain):
    """Five convolutions, the first two with a stride."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(CHANNELS if index else 3, CHANNELS, 3, stride=2 if index < 2 else 1, padding=1, bias=False),
                nn.BatchNorm2d(CHANNELS),
                nn.ReLU6(),
            )
            for index in range(PARTS)
        )
        self.dropout = nn.Dropout(0.2)
        self.classifier = nn.Linear(CHANNELS, outputs)

    @property
    def parts(self) -> list[nn.Module]:
        return list(self.blocks)

    def pooled(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))  # (N, C)

"""A residual network small enough to learn landmarks from random weights on two CPU cores.

Each part is a consequence of having only a few thousand photos:

- A stem of two strided 3×3 convolutions, as in later ResNets, quarters the side before anything is expensive.
- Four stages of two residual blocks with dense 3×3 convolutions, the fastest on a CPU for this accuracy (depthwise ones
  compute less but wait for memory).
- If a stage halves the side, its shortcut averages before it projects, so that it uses every pixel.
- Squeeze-and-excitation ends each block: the whole photo weighs each of its channels, for 1 % of the work.
- The last batch norm of a block starts at zero: the network starts shallow and grows, which allows a high rate.
- Generalised-mean pooling: a landmark fills part of its photo, and the cube weighs that part more than the sky.

Source:
    Blocks: He et al. 2016, arXiv:1512.03385. Stem, averaged shortcut and zero start: He et al. 2019, arXiv:1812.01187.
    Squeeze-and-excitation: Hu et al. 2018, arXiv:1709.01507. Pooling: Radenović et al. 2019, arXiv:1711.02512.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tagger.model.nets.base import Chain

STEM_CHANNELS = 24
STAGE_CHANNELS = (32, 64, 128, 256)
BLOCKS = 2  # a stage
SQUEEZE = 8
POWER = 3.0
MIN_FEATURE = 1e-4  # the root's gradient is infinite at zero
DROPOUT = 0.3


class ResNetSmall(Chain):
    """The network of the module's docstring."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        first = STAGE_CHANNELS[0]
        self.stem = nn.Sequential(*_layer(3, STEM_CHANNELS, 2), nn.ReLU(), *_layer(STEM_CHANNELS, first, 2), nn.ReLU())
        self.stages = nn.Sequential()
        channels = first
        for wide in STAGE_CHANNELS:
            stride = 1 if wide == first else 2
            blocks = [Residual(channels if n == 0 else wide, wide, stride if n == 0 else 1) for n in range(BLOCKS)]
            self.stages.append(nn.Sequential(*blocks))
            channels = wide
        self.dropout = nn.Dropout(DROPOUT)
        self.classifier = nn.Linear(channels, outputs)

    @property
    def parts(self) -> list[nn.Module]:
        return [self.stem, *self.stages]

    def pooled(self, x: Tensor) -> Tensor:
        cubes = x.float().clamp(min=MIN_FEATURE).pow(POWER)  # in half precision cubes lose small values
        return cubes.mean((2, 3)).pow(1 / POWER)  # (N, 256)


class Residual(nn.Module):
    """Two convolutions and squeeze-and-excitation, added to the input."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*_layer(inputs, outputs, stride), nn.ReLU(), *_layer(outputs, outputs))
        self.excite = Excite(outputs)
        projection = nn.Sequential(nn.AvgPool2d(stride), *_projection(inputs, outputs))
        self.shortcut = nn.Identity() if inputs == outputs else projection
        last = self.layers[-1]
        assert isinstance(last, nn.BatchNorm2d)
        nn.init.zeros_(last.weight)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.excite(self.layers(x)) + self.shortcut(x)  # (N, C', H / s, W / s)
        return torch.relu(y)


class Excite(nn.Module):
    """Squeeze-and-excitation: scale each channel by a function of the means of all channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Sequential(
            nn.Conv2d(channels, channels // SQUEEZE, 1), nn.ReLU(), nn.Conv2d(channels // SQUEEZE, channels, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        scale: Tensor = self.scale(x.mean((2, 3), keepdim=True)).sigmoid()  # (N, C, 1, 1)
        return x * scale  # (N, C, H, W)


def _layer(inputs: int, outputs: int, stride: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)]


def _projection(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs)]

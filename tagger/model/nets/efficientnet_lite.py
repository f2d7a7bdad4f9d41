"""EfficientNet-Lite 0, 1 and 2: EfficientNet without squeeze-and-excitation, with ReLU6, for plain CPUs.

The one rule: parameters are declared in the order of the forward pass, so that weights published under other names fit
tensor by tensor.

Source:
    EfficientNet, Tan and Le 2019, arXiv:1905.11946, table 1; the Lite variants as released in
    github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch.nn.functional as F  # noqa: N812 (the name that every torch user knows)
from torch import Tensor, nn

from tagger.model.nets.base import Chain
from tagger.model.nets.depthwise import depthwise

STEM_CHANNELS = 32  # neither the stem nor the features are widened in the Lite family
FEATURES = 1280
BN_EPS = 1e-3  # TensorFlow's default, which the published weights were trained with
BN_MOMENTUM = 0.01
DROPOUT = 0.2


class Stage(NamedTuple):
    """Blocks of one resolution; only the first of them has the stride."""

    kernel: int
    stride: int
    expand: int
    channels: int
    blocks: int


STAGES = (
    Stage(3, 1, 1, 16, 1),
    Stage(3, 2, 6, 24, 2),
    Stage(5, 2, 6, 40, 2),
    Stage(3, 2, 6, 80, 3),
    Stage(5, 1, 6, 112, 3),
    Stage(5, 2, 6, 192, 4),
    Stage(3, 1, 6, 320, 1),
)


class SameConv2d(nn.Conv2d):
    """Convolution with output ceil(input / stride); odd padding goes right and below, as in TensorFlow."""

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        same = (kernel - 1) // 2 if stride == 1 else 0
        if stride > 1:
            rows, columns = (_padding(size, kernel, stride) for size in x.shape[2:])
            x = F.pad(x, (*columns, *rows))  # (N, C, H + pad, W + pad)
        if self.groups > 1 and self.bias is None:
            return depthwise(x, self.weight, stride, same)  # (N, C, ceil(H / s), ceil(W / s))
        return F.conv2d(x, self.weight, self.bias, stride, same, 1, self.groups)  # (N, C', ceil(H / s), ceil(W / s))


def _padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Pixels before and after a side of `size`."""
    total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def _layer(inputs: int, outputs: int, kernel: int, stride: int = 1, *, groups: int = 1) -> list[nn.Module]:
    convolution = SameConv2d(inputs, outputs, kernel, stride, groups=groups, bias=False)
    return [convolution, nn.BatchNorm2d(outputs, eps=BN_EPS, momentum=BN_MOMENTUM)]


class InvertedResidual(nn.Module):
    """Expand (1×1), convolve (depthwise k×k), project (1×1); the narrow ends have no activation."""

    def __init__(self, inputs: int, stage: Stage, stride: int) -> None:
        super().__init__()
        wide = inputs * stage.expand
        layers = [*_layer(inputs, wide, 1), nn.ReLU6()] if stage.expand > 1 else []
        layers += [*_layer(wide, wide, stage.kernel, stride, groups=wide), nn.ReLU6()]
        layers += _layer(wide, stage.channels, 1)
        self.layers = nn.Sequential(*layers)
        self.has_shortcut = stride == 1 and inputs == stage.channels

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)  # (N, C', H / s, W / s)
        return x + y if self.has_shortcut else y


class EfficientNetLite(Chain):
    """The network of the module's docstring.

    Args:
        width: factor on the channels of every stage, rounded to multiples of 8.
        depth: factor on the blocks of every stage but the first and last, rounded up.
    """

    def __init__(self, width: float, depth: float, outputs: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(*_layer(3, STEM_CHANNELS, 3, 2), nn.ReLU6())
        self.stages = nn.Sequential()
        channels = STEM_CHANNELS
        for stage in _scaled(width, depth):
            blocks = nn.Sequential()
            for index in range(stage.blocks):
                blocks.append(InvertedResidual(channels, stage, stage.stride if index == 0 else 1))
                channels = stage.channels
            self.stages.append(blocks)
        self.top = nn.Sequential(*_layer(channels, FEATURES, 1), nn.ReLU6())
        self.dropout = nn.Dropout(DROPOUT)
        self.classifier = nn.Linear(FEATURES, outputs)

    @property
    def parts(self) -> list[nn.Module]:
        return [self.stem, *self.stages, self.top]

    def pooled(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))  # (N, 1280), ≥ 0


def _scaled(width: float, depth: float) -> list[Stage]:
    ends = (0, len(STAGES) - 1)
    return [
        stage._replace(
            channels=_rounded(stage.channels * width),
            blocks=stage.blocks if index in ends else math.ceil(stage.blocks * depth),
        )
        for index, stage in enumerate(STAGES)
    ]


def _rounded(channels: float) -> int:
    """The nearest multiple of 8, but not more than a tenth below."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest

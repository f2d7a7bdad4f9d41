"""Depthwise convolution that trains fast in bfloat16 on a CPU.

The forward pass is torch's own; only the backward pass differs. In torch 2.15 on an AVX-512 CPU, bfloat16 gradients of
a depthwise convolution cost up to 20 times what float32 ones do, so they are computed in float32. An epoch of
EfficientNet-Lite2 takes half the time (`python -m benchmarks training`).
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 (the name that every torch user knows)
from torch import Tensor


def depthwise(photos: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
    """Convolve each channel with its own kernel.

    Args:
        photos: (N, C, H, W).
        weight: (C, 1, k, k).

    Returns:
        (N, C, H', W'), with the type of `photos`.
    """
    if photos.is_cpu and photos.dtype == torch.bfloat16 and torch.is_grad_enabled():
        convolved: Tensor = _Depthwise.apply(photos, weight, stride, padding)
        return convolved
    return F.conv2d(photos, weight, None, stride, padding, 1, photos.shape[1])


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, photos: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
        context.save_for_backward(photos, weight)
        context.geometry = ([stride] * 2, [padding] * 2, [1, 1], False, [0, 0], photos.shape[1])
        return F.conv2d(photos, weight.to(photos.dtype), None, stride, padding, 1, photos.shape[1])

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients  # (N, C, H', W')
        photos, weight = context.saved_tensors
        for_photos, for_weight, *_ = context.needs_input_grad
        mask = [for_photos, for_weight, False]
        with torch.autocast("cpu", enabled=False):
            photos_gradient, weight_gradient, _ = torch.ops.aten.convolution_backward(
                gradient.float(), photos.float(), weight.float(), None, *context.geometry, mask
            )
        return (photos_gradient.to(photos.dtype) if for_photos else None), weight_gradient, None, None

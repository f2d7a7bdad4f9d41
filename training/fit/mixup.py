"""Mixup and CutMix: blend two photos and their targets.

All randomness comes from torch's generator, so a seed makes it reproducible.

Source:
    Mixup: Zhang et al. 2018, arXiv:1710.09412. CutMix: Yun et al. 2019, arXiv:1905.04899.
"""

from __future__ import annotations

import torch
from torch import Tensor

MIXUP_ALPHA = 0.2


def mixup(values: Tensor, targets: Tensor, probability: float) -> tuple[Tensor, Tensor]:
    """Blend a batch with itself in another order, or leave it as it is.

    Args:
        values: (B, 3, H, W).
        targets: (B, outputs), rows that sum to 1.
        probability: of a blend, half by mixup and half by cutmix.
    """
    draw = float(torch.rand(()))
    if draw >= probability:
        return values, targets
    order = torch.randperm(len(values)).to(values.device)  # (B,)
    blend = _mixup if draw < probability / 2 else _cutmix
    values, weight = blend(values, values[order])
    return values, weight * targets + (1 - weight) * targets[order]


def _mixup(values: Tensor, others: Tensor) -> tuple[Tensor, float]:
    alpha = torch.tensor(MIXUP_ALPHA)
    weight = float(torch.distributions.Beta(alpha, alpha).sample())
    return weight * values + (1 - weight) * others, weight  # (B, 3, H, W)


def _cutmix(values: Tensor, others: Tensor) -> tuple[Tensor, float]:
    height, width = values.shape[2:]
    side = float(torch.rand(())) ** 0.5  # of the photo's; the root makes the box's area uniform
    box_height, box_width = round(height * side), round(width * side)
    top = int(torch.randint(height - box_height + 1, ()))
    left = int(torch.randint(width - box_width + 1, ()))
    box = (..., slice(top, top + box_height), slice(left, left + box_width))
    values = values.clone()
    values[box] = others[box]  # (B, 3, H, W)
    return values, 1 - box_height * box_width / (height * width)

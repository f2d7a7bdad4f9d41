"""Blended batches: two photos in one, and a target that says how much of each.

The one rule: what is drawn comes from torch's generator alone, so that a seed decides it.

Source:
    Mixup: Zhang et al. 2018, arXiv:1710.09412. CutMix: Yun et al. 2019, arXiv:1905.04899.
"""

from __future__ import annotations

import torch
from torch import Tensor

MIXUP_ALPHA = 0.2


def mixup(values: Tensor, targets: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """A batch, sometimes blended with itself in another order.

    Args:
        values: (B, 3, H, W).
        targets: (B, outputs), rows sum to 1.
        share: of the calls that blend, half of them by mixup and half by cutmix.
    """
    draw = float(torch.rand(()))
    if draw >= share:
        return values, targets
    order = torch.randperm(len(values)).to(values.device)  # (B,)
    blend = _mixup if draw < share / 2 else _cutmix
    values, kept = blend(values, values[order])
    return values, kept * targets + (1 - kept) * targets[order]


def _mixup(values: Tensor, others: Tensor) -> tuple[Tensor, float]:
    alpha = torch.tensor(MIXUP_ALPHA)
    kept = float(torch.distributions.Beta(alpha, alpha).sample())
    return kept * values + (1 - kept) * others, kept  # (B, 3, H, W)


def _cutmix(values: Tensor, others: Tensor) -> tuple[Tensor, float]:
    height, width = values.shape[2:]
    side = float(torch.rand(())) ** 0.5  # the box's area is uniform
    box_height, box_width = round(height * side), round(width * side)
    top = int(torch.randint(height - box_height + 1, ()))
    left = int(torch.randint(width - box_width + 1, ()))
    values = values.clone()
    values[:, :, top : top + box_height, left : left + box_width] = others[
        :, :, top : top + box_height, left : left + box_width
    ]  # (B, 3, H, W)
    return values, 1 - box_height * box_width / (height * width)

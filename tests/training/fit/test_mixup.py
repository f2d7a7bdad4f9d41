"""Blended photos have blended targets."""

from __future__ import annotations

import torch

from training.fit.mixup import mixup


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    """Photos that are all one number each, and targets that say which."""
    values = torch.arange(4.0).view(4, 1, 1, 1).expand(4, 3, 20, 20)  # (B, 3, H, W)
    return values, torch.eye(4)  # (B, outputs)


def test_a_target_holds_as_much_of_a_photo_as_the_blend_does() -> None:
    values, targets = batch()
    worth = torch.arange(4.0)
    for seed in range(30):
        torch.manual_seed(seed)
        blended, blended_targets = mixup(values, targets, 1.0)
        torch.testing.assert_close(blended.mean((1, 2, 3)), blended_targets @ worth)
        torch.testing.assert_close(blended_targets.sum(1), torch.ones(4))


def test_some_batches_are_blended_by_a_box_and_some_throughout() -> None:
    values, targets = batch()
    kinds = set()
    for seed in range(30):
        torch.manual_seed(seed)
        blended = mixup(values, targets, 1.0)[0]
        kinds.add("throughout" if (blended == blended[:, :, :1, :1]).all() else "box")
    assert kinds == {"box", "throughout"}


def test_a_share_of_none_leaves_every_batch_as_it_is_and_a_seed_repeats() -> None:
    values, targets = batch()
    assert mixup(values, targets, 0.0)[0] is values
    first, again = ((torch.manual_seed(3), mixup(values, targets, 1.0))[1][0] for _ in range(2))
    assert torch.equal(first, again)

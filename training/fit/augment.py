"""Training photos, each time a little different.

The one rule: nothing that a camera or an upload changes may become a clue. Negatives are smaller than landmarks in
the data at hand and some landmarks come squashed to squares, so sharpness and proportions vary the most.
"""

from __future__ import annotations

import io

import torch
from PIL import Image
from torchvision.transforms import InterpolationMode, v2

from tagger.image.decode import decode
from training.fit.dataset import MAX_PIXELS, Augment
from training.fit.recipe import Augment as Choices

PROPORTIONS = (0.65, 1.55)
SHRINK = (0.3, 1.0)
JPEG_QUALITY = (35, 95)


class Shrink(torch.nn.Module):
    """Makes the photo smaller, so that the crop after it has to enlarge it again."""

    def forward(self, image: Image.Image) -> Image.Image:
        factor = float(torch.empty(1).uniform_(*SHRINK))
        width, height = (max(16, round(side * factor)) for side in image.size)
        return image.resize((width, height), Image.Resampling.BILINEAR)


class Jpeg(torch.nn.Module):
    """Compresses the photo once more, as an upload does."""

    def forward(self, image: Image.Image) -> Image.Image:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=int(torch.randint(*JPEG_QUALITY, ())))
        return decode(buffer.getvalue(), min_side_px=min(image.size), max_pixels=MAX_PIXELS).image


def augment(size_px: int, chosen: Choices) -> Augment:
    """A function from an upright RGB image to (3, H, W) uint8, random by torch's generator."""
    area = (chosen.min_area, 1.0)
    steps: Augment = v2.Compose(
        [
            v2.RandomApply([Shrink()], p=0.3),
            v2.RandomResizedCrop(size_px, scale=area, ratio=PROPORTIONS, interpolation=InterpolationMode.BICUBIC),
            v2.RandomHorizontalFlip(),
            v2.RandAugment(chosen.operations, chosen.magnitude, interpolation=InterpolationMode.BILINEAR),
            v2.RandomApply([v2.ColorJitter(0.3, 0.3, 0.3, 0.02)], p=0.8),
            v2.RandomGrayscale(p=0.05),
            v2.RandomAdjustSharpness(2, p=0.15),
            v2.RandomApply([Jpeg()], p=0.25),
            v2.PILToTensor(),
            v2.RandomErasing(p=chosen.erase, scale=(0.02, 0.25)),
        ]
    )
    return steps

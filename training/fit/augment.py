"""Random changes to training photos.

The network must not learn from what a camera or an upload changes. In LANDMARK_DATA some landmarks came as JPEG and
some as WebP, negatives are smaller than landmark photos and some landmarks were squashed to squares, so compression,
sharpness and proportions vary the most.
"""

from __future__ import annotations

import io

import torch
from PIL import Image
from torchvision.transforms import InterpolationMode, v2

from tagger.image.decode import decode
from training.fit.dataset import MAX_PIXELS, Transform
from training.fit.recipe import Augment

ASPECT_RATIOS = (0.65, 1.55)
SHRINK_FACTORS = (0.3, 1.0)
FILTERS = tuple(getattr(Image.Resampling, name) for name in ("BOX", "BILINEAR", "HAMMING", "BICUBIC", "LANCZOS"))
FORMATS: tuple[tuple[str, dict[str, int]], ...] = (("JPEG", {}), ("WEBP", {"method": 0}))  # method 0 is the fastest
QUALITIES = (15, 96)  # of JPEG and WebP alike; 15 is a picture that has been forwarded many times


class Shrink(torch.nn.Module):
    """Shrinks the photo by any of the usual filters, so that the crop after it has to enlarge it."""

    def forward(self, image: Image.Image) -> Image.Image:
        factor = float(torch.empty(1).uniform_(*SHRINK_FACTORS))
        width, height = (max(16, round(side * factor)) for side in image.size)
        return image.resize((width, height), FILTERS[int(torch.randint(len(FILTERS), ()))])


class Recompress(torch.nn.Module):
    """Compresses the photo again, as an upload does."""

    def forward(self, image: Image.Image) -> Image.Image:
        buffer = io.BytesIO()
        name, options = FORMATS[int(torch.randint(len(FORMATS), ()))]
        image.save(buffer, name, quality=int(torch.randint(*QUALITIES, ())), **options)
        return decode(buffer.getvalue(), min_side_px=min(image.size), max_pixels=MAX_PIXELS).image


def augmentation(size_px: int, recipe: Augment) -> Transform:
    """A function from an upright RGB image to a (3, size_px, size_px) uint8 tensor, random by torch's generator."""
    area = (recipe.min_area, 1.0)
    transform: Transform = v2.Compose(
        [
            v2.RandomApply([Shrink()], p=recipe.shrink),
            v2.RandomApply([Recompress()], p=recipe.recompress),
            v2.RandomResizedCrop(size_px, scale=area, ratio=ASPECT_RATIOS, interpolation=InterpolationMode.BICUBIC),
            v2.RandomHorizontalFlip(),
            v2.RandAugment(recipe.operations, recipe.magnitude, interpolation=InterpolationMode.BILINEAR),
            v2.RandomApply([v2.ColorJitter(0.3, 0.3, 0.3, 0.02)], p=0.8),
            v2.RandomGrayscale(p=recipe.grey),
            v2.RandomAdjustSharpness(2, p=0.15),
            v2.PILToTensor(),
            v2.RandomErasing(p=recipe.erase, scale=(0.02, 0.25)),
        ]
    )
    return transform

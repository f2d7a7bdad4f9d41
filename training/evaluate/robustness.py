"""Corruptions of photos, to measure how well predictions survive them.

A photo is corrupted between the product's decoding and its preprocessing, as in practice.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

import torch
from PIL import Image
from torch import Tensor

from tagger.core.types import InputContract
from tagger.image.decode import decode
from tagger.image.preprocess import preprocess
from training.fit.dataset import MAX_PIXELS, PhotoDataset

JPEG_QUALITY = 30
ANGLE_DEG = 15
CROP_AREA = 0.6

Corruption = Callable[[Image.Image], Image.Image]


def compressed(image: Image.Image) -> Image.Image:
    """Saved as a small JPEG."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return decode(buffer.getvalue(), min_side_px=min(image.size), max_pixels=MAX_PIXELS).image


def halved(image: Image.Image) -> Image.Image:
    """Half as wide and half as high."""
    return image.reduce(2)


def rotated(image: Image.Image, angle_deg: float) -> Image.Image:
    """Rotated within its frame, counter-clockwise; the corners become black."""
    return image.rotate(angle_deg, Image.Resampling.BICUBIC)


def grey(image: Image.Image) -> Image.Image:
    return image.convert("L").convert("RGB")


def cropped(image: Image.Image) -> Image.Image:
    """The middle, in the photo's own proportions."""
    width, height = (max(1, round(side * CROP_AREA**0.5)) for side in image.size)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


CORRUPTIONS: dict[str, Corruption] = {
    "JPEG quality 30": compressed,
    "half resolution": halved,
    "rotated +15°": partial(rotated, angle_deg=ANGLE_DEG),
    "rotated -15°": partial(rotated, angle_deg=-ANGLE_DEG),
    "grey": grey,
    "centre crop of 60 %": cropped,
}


def corrupted(dataset: PhotoDataset, corruption: Corruption) -> PhotoDataset:
    """The same photos, each corrupted before it is prepared for the network."""
    return dataset.transformed(partial(_prepared, corruption=corruption, contract=dataset.contract), seed=0)


def _prepared(image: Image.Image, corruption: Corruption, contract: InputContract) -> Tensor:
    return torch.tensor(preprocess(corruption(image), contract)).permute(2, 0, 1)  # (3, H, W)

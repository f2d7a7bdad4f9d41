"""Corruptions and other sizes of photos, to measure how well predictions survive them.

A photo is changed between the product's decoding and its preprocessing, as in practice.
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
from training.evaluate.metrics import Flags, Predictions
from training.fit.dataset import MAX_PIXELS, PhotoDataset

LARGE = 3  # times the photo's side: like a camera's photo, it is decoded at a reduced scale and then resized
LARGE_QUALITY = 90
ANGLE_DEG = 15
CROP_AREA = 0.6

Corruption = Callable[[Image.Image], Image.Image]


def compressed(image: Image.Image, file_format: str, quality: int) -> Image.Image:
    """Saved as a file and decoded to at least the same size."""
    return _reread(image, file_format, quality, min(image.size))


def enlarged(image: Image.Image) -> Image.Image:
    """Enlarged, saved as a JPEG and decoded as the product decodes a large photo."""
    large = image.resize((image.width * LARGE, image.height * LARGE), Image.Resampling.BICUBIC)
    return _reread(large, "JPEG", LARGE_QUALITY, min(image.size))


def halved(image: Image.Image) -> Image.Image:
    """Half as wide and half as high."""
    return image.reduce(2)


def resized(image: Image.Image, factor: float, resample: Image.Resampling) -> Image.Image:
    """Made smaller by another program's filter."""
    width, height = (max(1, round(side * factor)) for side in image.size)
    return image.resize((width, height), resample)


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
    "JPEG quality 30": partial(compressed, file_format="JPEG", quality=30),
    "WebP quality 40": partial(compressed, file_format="WEBP", quality=40),
    "three times as large": enlarged,
    "three quarters, bilinear": partial(resized, factor=0.75, resample=Image.Resampling.BILINEAR),
    "three quarters, Lanczos": partial(resized, factor=0.75, resample=Image.Resampling.LANCZOS),
    "half resolution": halved,
    "rotated +15°": partial(rotated, angle_deg=ANGLE_DEG),
    "rotated -15°": partial(rotated, angle_deg=-ANGLE_DEG),
    "grey": grey,
    "centre crop of 60 %": cropped,
}


def corrupted(dataset: PhotoDataset, corruption: Corruption) -> PhotoDataset:
    """The same photos, each corrupted before it is prepared for the network."""
    return dataset.transformed(partial(_prepared, corruption=corruption, contract=dataset.contract), seed=0)


def flipped(before: Predictions, after: Predictions) -> Flags:
    """(N,), whether a photo gets or loses a tag, or another landmark becomes its tag."""
    renamed = before.tagged & after.tagged & (before.first != after.first)  # (N,)
    flips: Flags = (before.tagged != after.tagged) | renamed
    return flips


def _reread(image: Image.Image, file_format: str, quality: int, min_side_px: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, file_format, quality=quality)
    return decode(buffer.getvalue(), min_side_px=min_side_px, max_pixels=MAX_PIXELS).image


def _prepared(image: Image.Image, corruption: Corruption, contract: InputContract) -> Tensor:
    return torch.tensor(preprocess(corruption(image), contract)).permute(2, 0, 1)  # (3, H, W)

"""From an upright RGB photo to the network's input, for engines and training alike.

The result stays uint8; an engine normalises it on its own device, which moves a quarter of the bytes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tagger.core.types import InputContract

Pixels = NDArray[np.uint8]


def preprocess(image: Image.Image, contract: InputContract) -> Pixels:
    """Resize the short side and crop the centre square in one resampling, which computes only the square's pixels.

    Args:
        image: upright, mode RGB, any size of at least 1×1 px; smaller ones are enlarged.

    Returns:
        (H, W, 3) uint8 with H = W = `contract.size_px`, contiguous.
    """
    side = min(image.size) * contract.size_px / contract.resize_px
    left = (image.width - side) / 2
    top = (image.height - side) / 2
    resample = Image.Resampling[contract.resample.upper()]
    # Rounding must not move the square over the image's edge.
    square = (max(left, 0.0), max(top, 0.0), min(left + side, image.width), min(top + side, image.height))
    return np.asarray(image.resize((contract.size_px,) * 2, resample, box=square))  # (H, W, 3)


def preview(image: Image.Image, contract: InputContract) -> Pixels:
    """The whole photo for people, at most as large as the contract's input.

    Args:
        image: upright, mode RGB; changed in place.
        contract: its `size_px` is the longest side. Smaller photos are not enlarged.

    Returns:
        (H, W, 3) uint8, contiguous.
    """
    image.thumbnail((contract.size_px, contract.size_px))
    return np.asarray(image)  # (H, W, 3)


def normalise(batch: Pixels, contract: InputContract) -> NDArray[np.float32]:
    """Normalise a batch; the reference for every engine's own normalisation.

    Args:
        batch: (N, H, W, 3) uint8.

    Returns:
        (N, 3, H, W) float32, contiguous.
    """
    mean = np.array(contract.mean, dtype=np.float32)
    std = np.array(contract.std, dtype=np.float32)
    scaled = (batch.astype(np.float32) / np.float32(255) - mean) / std  # (N, H, W, 3)
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))  # (N, 3, H, W)

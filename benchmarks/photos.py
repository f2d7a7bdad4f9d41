"""Real photos at a camera's size, for benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from PIL import Image

Size = tuple[int, int]  # width and height in pixels
SMALL, TELEGRAM, LARGE = (800, 600), (1280, 960), (4000, 3000)  # Telegram's apps send 1280 px at most


def real_photos(data: Path) -> list[Path]:
    """The landmark photos of the test split, shuffled by their names, which are hashes."""
    return sorted((data / "landmarks" / "test").glob("*/*.jpg"), key=lambda file: file.name)


def enlarged(photos: Sequence[Path], folder: Path, count: int, size: Size) -> list[Path]:
    """Real photos enlarged to a camera's size, with a camera's noise, as JPEGs of quality 90.

    Args:
        photos: repeated with different noise if there are fewer than `count`.
        folder: to write to; it is created.
        count: how many to make.
        size: of all, whatever the photo's own shape.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return [_enlarge(photo, folder / f"{n:05}.jpg", n, size) for n, photo in enumerate(islice(cycle(photos), count))]


def _enlarge(photo: Path, target: Path, seed: int, size: Size) -> Path:
    with Image.open(photo) as image:
        large = np.asarray(image.convert("RGB").resize(size, Image.Resampling.BICUBIC), dtype=np.int16)
    noise = np.random.default_rng(seed).normal(0, 4, (size[1] // 4, size[0] // 4, 3)).astype(np.int16)
    tiled = np.tile(noise, (4, 4, 1))[: size[1], : size[0]]
    noisy = large[: tiled.shape[0], : tiled.shape[1]] + tiled
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(target, quality=90)
    return target

"""Drawn photos that a difference hash tells apart, and folders and archives of them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from tests.drawn import encoded

SIZE = (90, 80)


def picture(number: int, changed_tiles: int = 0) -> Image.Image:
    """Grey tiles by chance; two numbers share about half of their hashes' bits. A changed tile flips up to two."""
    tiles = np.random.default_rng(number).integers(0, 256, (8, 9), dtype=np.uint8)  # (H, W)
    tiles[:changed_tiles, 3] ^= 255
    return Image.fromarray(tiles).resize(SIZE, Image.Resampling.NEAREST).convert("RGB")


def photo(number: int, changed_tiles: int = 0) -> bytes:
    return encoded(picture(number, changed_tiles), "JPEG", quality=90)


def copy(number: int) -> bytes:
    """The same picture, smaller and compressed more."""
    return encoded(picture(number).resize((63, 56)), "JPEG", quality=60)


def written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def folder_of(folder: Path, counts: Mapping[str, int]) -> Path:
    """So many different photos in each folder below; numbered on, so that no two are alike."""
    numbers = iter(range(sum(counts.values())))
    for name, count in counts.items():
        for n in range(count):
            written(folder / name / f"{n:03}.jpg", photo(next(numbers)))
    return folder


def course_files(
    classes: Iterable[str] = ("00.Dead_Sea", "01.Taj_Mahal"), train: int = 8, test: int = 3
) -> dict[str, bytes]:
    """Names and contents as in the course's archive."""
    files = {}
    for k, name in enumerate(classes):
        for split, count in (("train", train), ("test", test)):
            for n in range(count):
                files[f"landmark_images/{split}/{name}/{n:04}.jpg"] = photo(1000 * k + 100 * (split == "test") + n)
    return files


def zipped(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path

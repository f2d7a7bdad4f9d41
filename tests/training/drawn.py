"""A folder of drawn photos and a recipe small enough to train on them within seconds."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from tests.drawn import COLOURS, encoded

COUNTS = {"train": 6, "val": 3, "test": 3}
COLUMNS = ("file", "split", "role", "label", "group", "width", "height", "sha256", "source")

RECIPE = """
name = "colours"
bundle = "colours"
version = "1"
landmarks = "landmarks.toml"
network = "tiny"
base = "random"
workers = 0
train_px = 32

[input]
size_px = 32
resize_px = 36
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]

[head]
views = 1
steps = 5

[train]
epochs = 2
frozen_parts = 4
batch = 8
mix = 0.5

[refit]
steps = 5
"""

Row = dict[str, object]


def photo_folder(folder: Path) -> Path:
    """Three coloured landmarks and grey negatives in three splits, each photo with a noise of its own."""
    numbers = np.random.default_rng(1)
    rows = []
    for label, colour in (COLOURS | {"fog": (128, 128, 128)}).items():
        for split, count in COUNTS.items():
            for n in range(count):
                noise = numbers.integers(-30, 30, (40, 48, 3))
                pixels = (np.array(colour) + noise).clip(0, 255).astype(np.uint8)  # (H, W, 3)
                name = f"{split}/{label}/{n}.jpg"
                rows.append(_kept(folder / name, name, pixels, split, label))
    write_manifest(folder, rows)
    return folder


def write_manifest(folder: Path, rows: Iterable[Row]) -> None:
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def read_manifest(folder: Path) -> list[Row]:
    with (folder / "manifest.csv").open(newline="") as file:
        return [dict(row) for row in csv.DictReader(file)]


def recipe(folder: Path, text: str = RECIPE) -> Path:
    """A recipe's file, and beside it the places of the three landmarks."""
    places = [f'[{id}]\nname = "{id}"\ncountry = "Nowhere"\nlat = 1.5\nlon = 2.5\n' for id in COLOURS]
    (folder / "landmarks.toml").write_text("\n".join(places))
    path = folder / "colours.toml"
    path.write_text(text)
    return path


def _kept(path: Path, name: str, pixels: np.ndarray, split: str, label: str) -> Row:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = encoded(Image.fromarray(pixels), "JPEG", quality=90)
    path.write_bytes(content)
    role = "landmark" if label in COLOURS else "negative"
    group = f"{split}-{path.stem}" if role == "landmark" else ""
    values = (name, split, role, label, group, 48, 40, hashlib.sha256(content).hexdigest(), "drawn")
    return dict(zip(COLUMNS, values, strict=True))

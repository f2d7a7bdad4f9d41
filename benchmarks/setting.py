"""What every benchmark says of itself, and where its photos come from."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from PIL import Image


def say_setting() -> None:
    """The command and the machine class, so that a figure is never quoted without them."""
    print(f"command  python -m benchmarks.{Path(sys.argv[0]).stem} {' '.join(sys.argv[1:])}".rstrip())
    print(f"machine  {_processor()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}\n")


def tagger_command() -> Path:
    """The `tagger` of the environment that runs this."""
    return Path(sys.executable).parent / "tagger"


def usual_environment() -> dict[str, str]:
    """Ours, but that byte code is kept between starts, as it is wherever nobody forbids it."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def real_photos() -> list[Path]:
    """The landmark photos of the test split, shuffled by their names, which are hashes."""
    if not (data := os.environ.get("LANDMARK_DATA")):
        sys.exit("Set LANDMARK_DATA to the folder with the photos.")
    return sorted((Path(data) / "landmarks" / "test").glob("*/*.jpg"), key=lambda file: file.name)


def enlarged(photos: Sequence[Path], folder: Path, count: int, size: tuple[int, int]) -> list[Path]:
    """Real photos enlarged to a camera's size, with a camera's noise, as JPEGs of quality 90.

    Args:
        count: photos are repeated, with other noise, where there are not enough.
        size: width and height in pixels, whatever the photo's own shape.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return [_enlarge(photo, folder / f"{n:05}.jpg", n, size) for n, photo in enumerate(islice(cycle(photos), count))]


def _enlarge(photo: Path, target: Path, seed: int, size: tuple[int, int]) -> Path:
    with Image.open(photo) as image:
        large = np.asarray(image.convert("RGB").resize(size, Image.Resampling.BICUBIC), dtype=np.int16)
    noise = np.random.default_rng(seed).normal(0, 4, (size[1] // 4, size[0] // 4, 3)).astype(np.int16)
    tiled = np.tile(noise, (4, 4, 1))[: size[1], : size[0]]
    noisy = large[: tiled.shape[0], : tiled.shape[1]] + tiled
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(target, quality=90)
    return target


def table(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = max(len(name) for name, _ in rows)
    return (f"{name:<{width}}  {value}" for name, value in rows)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()

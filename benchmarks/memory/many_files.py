"""What is the peak memory of `tagger tag` over 300,000 files in one folder, first and then without changes?

The files are hard links to fewer small photos, so that most are known by their content. The figure is the largest
resident set of the process without its decoders, libraries included.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from benchmarks.processes import Cost, ask, cost, print_table, tagger_command

SIZE = (160, 120)  # pixels
ALLOWED_MB = 300


def make_folder(folder: Path, files: int, photos: int) -> None:
    """Fill a folder with links to drawn photos beside it."""
    dice = np.random.default_rng(0)
    drawn = folder.with_name("drawn")
    drawn.mkdir()
    folder.mkdir()
    for number in range(photos):
        coarse = Image.fromarray(dice.integers(0, 256, (6, 8, 3), dtype=np.uint8))
        coarse.resize(SIZE).save(drawn / f"{number}.jpg", quality=60)
    for number in range(files):
        os.link(drawn / f"{number % photos}.jpg", folder / f"IMG_{number:06}.jpg")


def main(*, files: int = 300_000, photos: int = 6_000) -> int:
    runs: dict[str, Cost] = {}
    with TemporaryDirectory() as place:
        folder, database = Path(place) / "photos", Path(place) / "tags.sqlite"
        make_folder(folder, files, photos)
        for name in ("first run", "without changes"):
            runs[name] = cost(tagger_command("tag", folder, "--db", database))
        (unchanged,) = ask(database, "SELECT unchanged FROM run ORDER BY id DESC")[0]
    assert unchanged == files
    print(f"{files:,} files in one folder, of {photos:,} photos; allowed: {ALLOWED_MB} MB")
    print_table([(name, f"{run.peak_mb:.0f} MB") for name, run in runs.items()])
    return max(run.peak_mb for run in runs.values()) > ALLOWED_MB

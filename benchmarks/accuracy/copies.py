"""How often do two different photos have nearly the same hash, so that they are wrongly grouped as copies?"""

from __future__ import annotations

import csv
from math import log
from pathlib import Path

from benchmarks.processes import print_table
from tagger.image import decode
from tagger.image.phash import HASH_SIDE_PX, difference_hash, near_pairs
from tagger.library.finalize import COPY_ASPECT, COPY_BITS

MOST_PIXELS = 100_000_000


def main(*, data: Path) -> None:
    labels, hashes, aspects = [], [], []
    with (data / "manifest.csv").open(newline="") as manifest:
        for row in csv.DictReader(manifest):
            content = (data / row["file"]).read_bytes()
            photo = decode.decode(content, min_side_px=HASH_SIDE_PX, max_pixels=MOST_PIXELS)
            labels.append(row["label"])
            hashes.append(difference_hash(photo.image))
            aspects.append(log(photo.info.width / photo.info.height))
    near = [(one, other, labels[one] == labels[other]) for one, other in near_pairs(hashes, COPY_BITS)]
    alike = [is_same for one, other, is_same in near if abs(aspects[one] - aspects[other]) <= COPY_ASPECT]
    rows = [
        ("photos", f"{len(hashes)}"),
        (f"pairs within {COPY_BITS} bits", f"{len(near)}, {sum(not is_same for *_, is_same in near)} of other labels"),
        ("of these with one shape", f"{len(alike)}, {alike.count(False)} of other labels"),
    ]
    print_table(rows)

"""Does `tagger unknown` find the places among other photos?

A library of the negatives of a split and all photos in LANDMARK_DATA/places, each answered by the look that the product
uses; tagged ones are left out. `found` is the fraction of a place's photos in its largest group, `pure` the fraction of
that group which shows the place; `groups` counts all groups.

The photos come from many people, so their times say nothing. "With times" draws some: a place is visited for an hour at
a time and about eight photos, and three in ten of the other photos fall into such an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.teach import answered, is_sure, vector_of
from tagger.library.taught.unknown import HOUR_S, NO_GROUP, cluster
from tagger.model.bundle import open_bundle
from tagger.model.embedding import projection_of, unpacked

MOSTLY, PURE = 0.5, 0.9
SEED, PHOTOS_OF_VISIT, AMONG, YEARS_S = 0, 8, 0.3, 3 * 365 * 24 * HOUR_S


def main(*, data: Path, features: str = "") -> None:
    """Measure.

    Args:
        features: a file that keeps the networks' outputs for the next time.
    """
    bundle = open_bundle()
    photos, projection = answered(data, Path(features) if features else None), projection_of(bundle)
    assert projection and bundle.card.first_look
    for split in ("val", "test"):
        chosen = photos.rows((photos.splits == "places") | ((photos.splits == split) & (photos.roles == "negative")))
        sure = [is_sure(photos.first[row], bundle.card.first_look.none_below) for row in chosen]
        given = [
            (row, (photos.first if is_first else photos.full)[row]) for row, is_first in zip(chosen, sure, strict=True)
        ]
        given = [(row, answer) for row, answer in given if answer.status == "none"]
        embeddings = unpacked([vector_of(answer) for _, answer in given])
        labels, names = photos.labels[[row for row, _ in given]], sorted(set(photos.labels[photos.splits == "places"]))
        times = drawn_times(labels, names)
        report(f"{split}: {len(given)} photos", cluster(embeddings, projection.background), labels, names)
        groups = cluster(embeddings, projection.background, times=times)
        report(f"{split}, with times", groups, labels, names)


def report(title: str, groups: NDArray[np.int64], labels: NDArray[np.str_], names: Sequence[str]) -> None:
    print(f"{title}, {len(set(groups.tolist()) - {NO_GROUP})} groups\n   found   pure")
    rows = []
    for name in names:
        own = groups[(labels == name) & (groups != NO_GROUP)]
        ids, counts = np.unique(own, return_counts=True)
        found = counts.max() / (labels == name).sum() if len(ids) else 0.0
        pure = counts.max() / (groups == ids[counts.argmax()]).sum() if len(ids) else 0.0
        rows.append((found, pure))
        print(f"{found:8.2f} {pure:6.2f}  {name}")
    good = sum(found >= MOSTLY and pure >= PURE for found, pure in rows)
    print("{:8.2f} {:6.2f}  mean".format(*np.mean(rows, axis=0)))
    print(f"{good} of {len(names)} places are one group, at least half of their photos, and nine tenths of it\n")


def drawn_times(labels: NDArray[np.str_], names: Sequence[str]) -> NDArray[np.float64]:
    """Seconds in three years, (N,), as the module describes them."""
    random = np.random.default_rng(SEED)
    times, visits = random.uniform(0, YEARS_S, len(labels)), []
    for name in names:
        photos = random.permutation(np.flatnonzero(labels == name))
        for visit in np.array_split(photos, max(1, round(len(photos) / PHOTOS_OF_VISIT))):
            visits.append(random.uniform(0, YEARS_S))
            times[visit] = visits[-1] + random.uniform(0, HOUR_S, len(visit))
    others = np.flatnonzero(~np.isin(labels, names))
    chosen = random.choice(others, int(AMONG * len(others)), replace=False)
    times[chosen] = random.choice(visits, len(chosen)) + random.uniform(0, HOUR_S, len(chosen))
    return times

"""Does `tagger unknown` find the places among other photos?

A library of the negatives of a split and all photos in LANDMARK_DATA/places, each answered by the look that the product
uses; tagged ones are left out. `found` is the fraction of a place's photos in its largest group, `pure` the fraction of
that group which shows the place; `groups` counts all groups.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.accuracy.teach import answered, is_sure, vector_of
from tagger.library.taught.unknown import NO_GROUP, cluster
from tagger.model.bundle import open_bundle
from tagger.model.embedding import projection_of, unpacked

MOSTLY, PURE = 0.5, 0.9


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
        groups = cluster(unpacked([vector_of(answer) for _, answer in given]), projection.background)
        labels = photos.labels[[row for row, _ in given]]
        print(f"{split}: {len(given)} photos, {len(set(groups.tolist()) - {NO_GROUP})} groups\n   found   pure")
        good = 0
        names = sorted(set(photos.labels[photos.splits == "places"]))
        for name in names:
            own = groups[(labels == name) & (groups != NO_GROUP)]
            ids, counts = np.unique(own, return_counts=True)
            found = counts.max() / (labels == name).sum() if len(ids) else 0.0
            pure = counts.max() / (groups == ids[counts.argmax()]).sum() if len(ids) else 0.0
            good += bool(found >= MOSTLY and pure >= PURE)
            print(f"{found:8.2f} {pure:6.2f}  {name}")
        print(f"{good} of {len(names)} places are one group, at least half of their photos, and nine tenths of it\n")

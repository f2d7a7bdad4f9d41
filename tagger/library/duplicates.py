"""Which photos of a library look the same: re-encoded or smaller copies, and bursts.

The one rule: a photo is compared with all others once, in the run that brings it in, and groups that it connects
become one. So the groups do not depend on the order in which the photos came.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from db.engine import Store
from db.write import comparisons
from db.write.comparisons import PhotoHash
from tagger.image.phash import Hashes, hamming_distances, is_distinctive

COPY_BITS = 4  # see `tagger.image.phash.difference_hash`
COPY_ASPECT = 0.02  # relative difference between the aspects of copies: a pixel of a thumbnail, but no crop
BURST_BITS = 9  # as far apart as near duplicates in training may be
BURST_S = 10.0  # between two photos of a burst
ALL_BITS = (1 << 64) - 1
EPOCH = datetime(1970, 1, 1)

Numbers = NDArray[np.float64]


def update_groups(store: Store) -> None:
    """Compare the new photos with all others, and store which belong together."""
    with store.read() as connection:
        photos = comparisons.photo_hashes(connection)
    changed = regroup(photos)
    with store.write() as connection:
        comparisons.assign_groups(connection, changed)


def regroup(photos: Sequence[PhotoHash]) -> dict[int, int]:
    """Put new photos into groups.

    Args:
        photos: the whole library, in any order.

    Returns:
        The group of every photo that is new or whose group has changed.
    """
    smallest = _smallest_photos(photos)
    group_of = {photo.photo: smallest.get(photo.group, photo.photo) for photo in photos}
    distinctive = [photo for photo in photos if is_distinctive(photo.phash & ALL_BITS)]
    distinctive.sort(key=lambda photo: photo.group is not None)  # new ones first: each meets all that follow it
    hashes = np.array([photo.phash for photo in distinctive], dtype=np.int64).view(np.uint64)  # (N,)
    taken_s = np.array([_taken_s(photo) for photo in distinctive], dtype=np.float64)  # (N,)
    log_aspects = np.log(np.array([photo.aspect for photo in distinctive], dtype=np.float64))  # (N,)
    group_ids = np.array([group_of[photo.photo] for photo in distinctive], dtype=np.int64)  # (N,)
    for row in range(sum(photo.group is None for photo in distinctive)):
        similar = group_ids[_similar(hashes, taken_s, log_aspects, row)]
        for other in np.unique(similar[similar != group_ids[row]]):
            lower, higher = sorted((other, group_ids[row]))
            group_ids[group_ids == higher] = lower
    group_of |= {photo.photo: int(group) for photo, group in zip(distinctive, group_ids, strict=True)}
    return {photo.photo: group_of[photo.photo] for photo in photos if group_of[photo.photo] != photo.group}


def _smallest_photos(photos: Sequence[PhotoHash]) -> dict[int | None, int]:
    """The smallest photo of each group, which names it; the one that named it so far may have been deleted."""
    smallest: dict[int | None, int] = {}
    for photo in photos:
        if photo.group is not None:
            smallest[photo.group] = min(photo.photo, smallest.get(photo.group, photo.photo))
    return smallest


def _similar(hashes: Hashes, taken_s: Numbers, log_aspects: Numbers, row: int) -> NDArray[np.int64]:
    """The rows after this one that are copies of it, or of the same burst.

    Source:
        `python -m benchmarks copies`: of 8,411 photos five pairs are within 4 bits. Four of them have other labels, and
        other aspects.
    """
    bits = hamming_distances(hashes[row : row + 1], hashes[row + 1 :])[0]  # (N - row - 1,)
    near = np.flatnonzero(bits <= BURST_BITS)
    apart_s = np.abs(taken_s[row + 1 + near] - taken_s[row])
    is_copy = (bits[near] <= COPY_BITS) & (np.abs(log_aspects[row + 1 + near] - log_aspects[row]) <= COPY_ASPECT)
    similar: NDArray[np.int64] = row + 1 + near[is_copy | (apart_s <= BURST_S)]
    return similar


def _taken_s(photo: PhotoHash) -> float:
    """Seconds, good for differences only; NaN if the camera's clock is unknown, so that no burst has the photo."""
    return (photo.taken_at - EPOCH).total_seconds() if photo.taken_at else float("nan")

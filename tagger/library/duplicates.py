"""Which photos of a library are one: re-encoded or smaller copies, and bursts.

The one rule: only photos that no run has compared before are compared, with all the others; groups that a new photo
connects become one. So the groups do not depend on which photos came in which night.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from db.engine import Store
from db.write import groups
from db.write.groups import PhotoHash
from tagger.image.phash import Hashes, distances, is_distinctive

COPY_BITS = 4  # see `tagger.image.phash.difference_hash`
COPY_ASPECT = 0.02  # by so much of it a copy's aspect may differ: a pixel of a thumbnail. A crop is no copy
BURST_BITS = 9  # as far apart as two photos of one landmark may be and still count as one in training
BURST_S = 10.0  # between two photos of a burst
ALL_BITS = (1 << 64) - 1
EPOCH = datetime(1970, 1, 1)

Numbers = NDArray[np.float64]


def update_groups(store: Store) -> int:
    """Compare what is new, and store which photos belong together.

    Returns:
        How many photos changed their group.
    """
    with store.read() as connection:
        looks = groups.looks(connection) if groups.some_wait(connection) else []
    changed = grouped(looks)
    with store.write() as connection:
        groups.put_into_groups(connection, changed)
    return len(changed)


def grouped(looks: Sequence[PhotoHash]) -> dict[int, int]:
    """The group of every photo that is new or whose group has become another.

    Args:
        looks: of the whole library, in any order.
    """
    smallest = _smallest(looks)
    named = {look.photo: smallest.get(look.group, look.photo) for look in looks}
    telling = [look for look in looks if is_distinctive(look.phash & ALL_BITS)]
    telling.sort(key=lambda look: look.group is not None)  # new ones first: each meets all that follow it
    words = np.array([look.phash for look in telling], dtype=np.int64).view(np.uint64)  # (N,)
    taken_s = np.array([_seconds(look) for look in telling], dtype=np.float64)  # (N,)
    aspects = np.log(np.array([look.aspect for look in telling], dtype=np.float64))  # (N,)
    names = np.array([named[look.photo] for look in telling], dtype=np.int64)  # (N,)
    for row in range(sum(look.group is None for look in telling)):
        beside = names[_near(words, taken_s, aspects, row)]
        for other in np.unique(beside[beside != names[row]]):
            lower, higher = sorted((other, names[row]))
            names[names == higher] = lower
    named |= {look.photo: int(name) for look, name in zip(telling, names, strict=True)}
    return {look.photo: named[look.photo] for look in looks if named[look.photo] != look.group}


def _smallest(looks: Sequence[PhotoHash]) -> dict[int | None, int]:
    """The smallest photo of each group, by the group's name: the one that gave it may be deleted by now."""
    smallest: dict[int | None, int] = {}
    for look in looks:
        if look.group is not None:
            smallest[look.group] = min(look.photo, smallest.get(look.group, look.photo))
    return smallest


def _near(words: Hashes, taken_s: Numbers, aspects: Numbers, row: int) -> NDArray[np.int64]:
    """The rows behind this one that look like it.

    Source:
        `python -m benchmarks.copies`: of 8,411 photos five pairs are within 4 bits. Four of them have other labels, and
        other aspects.
    """
    bits = distances(words[row : row + 1], words[row + 1 :])[0]  # (N - row - 1,)
    maybe = np.flatnonzero(bits <= BURST_BITS)
    apart_s = np.abs(taken_s[row + 1 + maybe] - taken_s[row])
    is_copy = (bits[maybe] <= COPY_BITS) & (np.abs(aspects[row + 1 + maybe] - aspects[row]) <= COPY_ASPECT)
    near: NDArray[np.int64] = row + 1 + maybe[is_copy | (apart_s <= BURST_S)]
    return near


def _seconds(look: PhotoHash) -> float:
    """For differences only; none where the camera's clock is unknown."""
    return (look.taken_at - EPOCH).total_seconds() if look.taken_at else float("nan")

"""A perceptual hash, and groups of photos with similar hashes.

The one rule: the hash is of the upright photo from `tagger.image.decode`, so that a copy that was rotated by EXIF,
re-encoded or reduced has nearly the same hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

HASH_SIDE_PX = 256  # the smallest short side for hashing; a smaller one loses bits and saves no time
LARGE_SIDE_PX = 4096  # a longer side is reduced first: resizing a column of n pixels would take 9 n bytes
BLOCK = 128  # hashes compared with all others at once; with 100,000 hashes a block needs 100 MB
MIN_BITS = 4

Hashes = NDArray[np.uint64]


def difference_hash(image: Image.Image) -> int:
    """Hash a photo to 64 bits, one per pair of neighbours in a 9×8 thumbnail: set if the right one is brighter.

    Args:
        image: upright, mode RGB, any size.

    Source:
        "dHash", N. Krawetz 2013, "Kind of Like That", hackerfactor.com. Of Pillow's filters the bilinear one changes
        the fewest bits: at half the size 0.5 on average, and at most 4 in 99 of 100 photos; at JPEG quality 40, 0.8
        and 5 (400 photos).
    """
    if max(image.size) >= 2 * LARGE_SIDE_PX:
        image = image.reduce((max(1, image.width // LARGE_SIDE_PX), max(1, image.height // LARGE_SIDE_PX)))
    grey = np.asarray(image.convert("L").resize((9, 8), Image.Resampling.BILINEAR))  # (8, 9)
    brighter = grey[:, 1:] > grey[:, :-1]  # (8, 8)
    return int.from_bytes(np.packbits(brighter).tobytes(), "big")


def is_distinctive(photo_hash: int) -> bool:
    """Whether a hash is meaningful: photos without edges, such as blank pages, all have nearly the same one."""
    return MIN_BITS <= photo_hash.bit_count() <= 64 - MIN_BITS


def hamming_distances(one: Hashes, others: Hashes) -> NDArray[np.uint8]:
    """Count the bits in which each hash differs from each of the others: (N,) and (M,) give (N, M)."""
    bits: NDArray[np.uint8] = np.bitwise_count(one[:, None] ^ others[None])
    return bits


def near_pairs(hashes: Sequence[int], max_bits: int) -> Iterator[tuple[int, int]]:
    """Find the photos that look the same.

    Args:
        max_bits: in which two hashes may differ.

    Yields:
        The indices of both, the smaller one first. Hashes that are not distinctive are in no pair.
    """
    kept = np.array([index for index, value in enumerate(hashes) if is_distinctive(value)], dtype=np.int64)  # (K,)
    words = np.array([hashes[index] for index in kept], dtype=np.uint64)  # (K,)
    for start in range(0, len(words), BLOCK):
        near = hamming_distances(words[start : start + BLOCK], words[start:]) <= max_bits  # (B, K - start)
        rows, columns = np.nonzero(near)
        later = columns > rows  # each pair once, and none with itself
        for row, column in zip(rows[later], columns[later], strict=True):
            yield int(kept[start + row]), int(kept[start + column])


def connected_groups(count: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """The connected components of pairs (union-find).

    Args:
        count: of all indices, from 0 on.

    Returns:
        The group of each index, named by the smallest index in it.
    """
    parent = list(range(count))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for one, other in pairs:
        first, second = sorted((root(one), root(other)))
        parent[second] = first
    return [root(index) for index in range(count)]

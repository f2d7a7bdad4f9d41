"""Copies hash alike, other photos do not."""

from __future__ import annotations

import io
import random

import numpy as np
import pytest
from PIL import Image

from tagger.image import phash
from tagger.image.decode import decode
from tagger.image.phash import (
    HASH_SIDE_PX,
    connected_groups,
    difference_hash,
    hamming_distances,
    is_distinctive,
    near_pairs,
)
from tests.drawn import encoded


def picture(number: int) -> Image.Image:
    tiles = np.random.default_rng(number).integers(0, 256, (6, 7, 3), dtype=np.uint8)  # (H, W, 3)
    return Image.fromarray(tiles).resize((700, 600), Image.Resampling.BICUBIC)


def between(one: Image.Image, other: Image.Image) -> int:
    return (difference_hash(one) ^ difference_hash(other)).bit_count()


def test_each_bit_says_whether_the_right_neighbour_is_brighter() -> None:
    brighter_to_the_right = Image.fromarray(np.tile(np.arange(9, dtype=np.uint8), (8, 1))).convert("RGB")
    assert difference_hash(brighter_to_the_right) == 2**64 - 1
    assert difference_hash(brighter_to_the_right.transpose(Image.Transpose.FLIP_LEFT_RIGHT)) == 0


@pytest.mark.parametrize("number", range(5))
def test_a_smaller_copy_of_lower_quality_is_near_and_another_photo_is_far(number: int) -> None:
    copy = Image.open(io.BytesIO(encoded(picture(number).resize((350, 300)), "JPEG", quality=40)))
    assert between(picture(number), copy) <= 3
    assert between(picture(number), picture(number + 100)) > 15


def test_a_copy_that_exif_turns_upright_is_near() -> None:
    exif = Image.Exif()
    exif[274] = 6
    turned = encoded(picture(1).transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif)
    upright = decode(turned, min_side_px=HASH_SIDE_PX, max_pixels=10**8).image
    assert between(picture(1), upright) <= 2


def test_near_pairs_are_those_that_a_loop_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phash, "BLOCK", 7)
    numbers = random.Random(1)
    hashes = [numbers.getrandbits(64) for _ in range(30)]
    hashes += [value ^ 1 << numbers.randrange(64) ^ 1 << numbers.randrange(64) for value in hashes[:20]]
    for bits in (0, 2, 24):
        expected = {(i, j) for i in range(50) for j in range(i + 1, 50) if (hashes[i] ^ hashes[j]).bit_count() <= bits}
        assert set(near_pairs(hashes, bits)) == expected


def test_distances_are_those_that_a_loop_finds() -> None:
    words = np.random.default_rng(0).integers(0, 2**64, (20, 1), dtype=np.uint64)[:, 0]  # (N,)
    expected = [[(int(a) ^ int(b)).bit_count() for b in words] for a in words]
    assert hamming_distances(words, words).tolist() == expected


def test_blank_photos_are_near_to_nothing() -> None:
    blank = [difference_hash(Image.new("RGB", (40, 40), colour)) for colour in ("white", "navy")]
    assert [is_distinctive(value) for value in blank] == [False, False]
    assert list(near_pairs([*blank, difference_hash(picture(0))], 9)) == []


def test_pairs_join_over_others() -> None:
    assert connected_groups(7, [(5, 6), (3, 1), (6, 3)]) == [0, 1, 2, 1, 4, 1, 1]

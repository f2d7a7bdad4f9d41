"""Copies and bursts form groups, in whatever order the photos came."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby

import pytest

from db.write.comparisons import PhotoHash
from tagger.library.finalize import ALL_BITS, BURST_BITS, COPY_BITS, regroup

HASH = 0x0F0F_3355_00FF_1234
NOON = datetime(2024, 5, 1, 12)


def photo_hash(
    photo: int, flipped: int = 0, *, taken_s: float | None = None, aspect: float = 1.5, group: int | None = None
) -> PhotoHash:
    """A photo whose hash differs from `HASH` in `flipped` bits."""
    taken_at = None if taken_s is None else NOON + timedelta(seconds=taken_s)
    return PhotoHash(photo, HASH ^ ((1 << flipped) - 1), taken_at, aspect, group)


def apply(photos: Iterable[PhotoHash], groups: dict[int, int]) -> list[PhotoHash]:
    return [photo._replace(group=groups.get(photo.photo, photo.group)) for photo in photos]


def test_a_copy_joins_its_original_and_a_stranger_stays_alone() -> None:
    assert regroup([photo_hash(1), photo_hash(2, COPY_BITS), photo_hash(3, 30)]) == {1: 1, 2: 1, 3: 3}


def test_a_smaller_copy_has_its_originals_shape_but_for_a_pixel_and_a_crop_has_not() -> None:
    assert regroup([photo_hash(1), photo_hash(2, aspect=150 / 101), photo_hash(3, aspect=4 / 3)]) == {1: 1, 2: 1, 3: 3}


def test_photos_that_differ_more_belong_together_if_they_were_taken_within_seconds() -> None:
    burst = [photo_hash(1, taken_s=0), photo_hash(2, BURST_BITS, taken_s=8)]
    assert regroup(burst) == {1: 1, 2: 1}
    assert regroup([burst[0], photo_hash(2, BURST_BITS, taken_s=60)]) == {1: 1, 2: 2}
    assert regroup([burst[0], photo_hash(2, BURST_BITS)]) == {1: 1, 2: 2}


def test_a_new_photo_between_two_groups_makes_them_one() -> None:
    compared = [photo_hash(3, group=3), photo_hash(5, 2 * COPY_BITS, group=5), photo_hash(6, 2 * COPY_BITS, group=5)]
    assert regroup([*compared, photo_hash(9, COPY_BITS)]) == {5: 3, 6: 3, 9: 3}


def test_photos_that_were_compared_are_not_compared_again() -> None:
    assert regroup([photo_hash(1, group=1), photo_hash(2, group=2)]) == {}


def test_blank_photos_are_each_alone() -> None:
    blank = [PhotoHash(number, phash, None, 1.5, None) for number, phash in ((1, 0), (2, 0), (3, -1))]
    assert regroup(blank) == {1: 1, 2: 2, 3: 3}


def test_a_group_whose_first_photo_was_deleted_is_named_anew_and_catches_no_photo_that_got_its_number() -> None:
    orphans = [photo_hash(5, group=1), photo_hash(7, group=1)]
    assert regroup([photo_hash(1, 30), *orphans]) == {1: 1, 5: 5, 7: 5}


@pytest.mark.parametrize("seed", range(5))
def test_groups_do_not_depend_on_which_photos_came_in_which_night(seed: int) -> None:
    dice = random.Random(seed)
    centres = [dice.getrandbits(64) for _ in range(4)]
    library = [PhotoHash(n, _signed(_near(dice.choice(centres), dice)), None, 1.5, None) for n in range(60)]
    at_once = apply(library, regroup(library))
    dice.shuffle(library)
    night_by_night: list[PhotoHash] = []
    for _, night in groupby(enumerate(library), key=lambda pair: pair[0] // 7):
        night_by_night += [photo for _, photo in night]
        night_by_night = apply(night_by_night, regroup(night_by_night))
    assert sorted(night_by_night) == at_once
    assert len({photo.group for photo in at_once}) > 1


def _near(centre: int, dice: random.Random) -> int:
    return centre ^ sum(1 << bit for bit in dice.sample(range(64), 3))


def _signed(bits: int) -> int:
    return bits - (1 << 64) if bits >> 63 else bits & ALL_BITS

"""Copies and bursts form groups, in whatever order the photos came."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import pytest

from db.engine import Store
from db.write.comparisons import PhotoHash, photo_hashes
from tagger.core.types import CAMERA_SOURCES, DATE_SOURCES, DateSource
from tagger.library import finalize
from tagger.library.finalize import ALL_BITS, BURST_BITS, COPY_BITS, group_duplicates
from tests.db.samples import assessed, tag_run

HASH = 0x0F0F_3355_00FF_1234
NOON = datetime(2024, 5, 1, 12)


def photo_hash(
    photo: int, flipped: int = 0, *, taken_s: float | None = None, aspect: float = 1.5, group: int | None = None
) -> PhotoHash:
    """A photo whose hash differs from `HASH` in `flipped` bits."""
    taken_at = None if taken_s is None else NOON + timedelta(seconds=taken_s)
    return PhotoHash(photo, HASH ^ ((1 << flipped) - 1), taken_at, aspect, group)


def regroup(photos: Iterable[PhotoHash]) -> dict[int, int]:
    return dict(finalize.regroup(photos))


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


@pytest.mark.parametrize("taken_from", DATE_SOURCES)
def test_only_the_cameras_own_clock_makes_bursts(store: Store, taken_from: DateSource) -> None:
    burst: dict[str, Any] = {"taken_from": taken_from, "taken_at": NOON}
    tag_run(store, [assessed("/p/a.jpg", phash=HASH, **burst), assessed("/p/b.jpg", phash=HASH ^ 0x1FF, **burst)])
    group_duplicates(store)
    with store.read() as connection:
        groups = connection.exec_driver_sql("SELECT group_id FROM photo ORDER BY id").scalars().all()
    assert groups == ([1, 1] if taken_from in CAMERA_SOURCES else [1, 2])


@pytest.mark.parametrize("when", [datetime(2024, 5, 1), datetime(1980, 3, 4, 12)])
def test_a_day_without_a_time_and_a_time_before_digital_cameras_make_no_bursts(store: Store, when: datetime) -> None:
    tag_run(
        store,
        [assessed("/p/a.jpg", phash=HASH, taken_at=when), assessed("/p/b.jpg", phash=HASH ^ 0x1FF, taken_at=when)],
    )
    with store.read() as connection:
        assert [photo.taken_at for photo in photo_hashes(connection)] == [None, None]

"""Groups of photos of one place are found by their embeddings and positions."""

from __future__ import annotations

import numpy as np

from tagger.library.taught.unknown import NO_GROUP, cluster

AXES = np.eye(8, dtype=np.float32)
PHOTOS = np.repeat(AXES[:2], 4, axis=0)  # four photos of each of two places
HERE, THERE = (48.0, 11.0), (60.0, 10.0)


def test_photos_of_two_places_are_two_groups() -> None:
    assert cluster(PHOTOS, AXES).tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


def test_too_few_photos_are_no_group() -> None:
    assert cluster(PHOTOS[:6], AXES).tolist() == [0, 0, 0, 0, NO_GROUP, NO_GROUP]
    assert cluster(PHOTOS[:1], AXES).tolist() == [NO_GROUP]


def test_photos_from_far_apart_are_not_linked() -> None:
    positions = np.array([HERE, THERE] * 4)
    assert set(cluster(PHOTOS, AXES, positions).tolist()) == {NO_GROUP}
    unknown = np.full((8, 2), np.nan)
    assert set(cluster(PHOTOS, AXES, unknown).tolist()) == {0, 1}


def test_a_photo_of_the_same_hour_needs_less_similarity() -> None:
    # A photo that resembles the first place by 0.15, beyond what it shares with the background.
    photos = np.vstack([PHOTOS[:4], 0.15 * AXES[0] + np.sqrt(1 - 0.15**2) * AXES[7]]).astype(np.float32)
    hours = np.array([0, 1, 2, 3, 3.9])
    assert cluster(photos, AXES[2:3], times=hours * 3600).tolist() == [0, 0, 0, 0, 0]
    for last in (4.1, np.nan):
        hours[4] = last
        assert cluster(photos, AXES[2:3], times=hours * 3600).tolist() == [0, 0, 0, 0, NO_GROUP]

"""Distances on the earth, and the boxes around circles."""

from __future__ import annotations

import pytest

from tagger.core.distance import box_around, distance_km
from tagger.core.types import Position


def test_distances_are_those_of_the_map() -> None:
    paris, new_york = Position(48.8566, 2.3522), Position(40.7128, -74.006)
    assert distance_km(paris, new_york) == pytest.approx(5837, abs=5)
    assert distance_km(Position(0, 179.9), Position(0, -179.9)) == pytest.approx(22.2, abs=0.1)
    assert distance_km(paris, paris) == 0


@pytest.mark.parametrize("centre", [Position(48.86, 2.29), Position(-89.9, 10), Position(0, 179.9), Position(60, -180)])
@pytest.mark.parametrize("km", [0.1, 5, 500, 20_000])
def test_a_box_contains_its_circle(centre: Position, km: float) -> None:
    box = box_around(centre, km)
    for lat in range(-90, 91, 3):
        for lon in range(-180, 181, 3):
            if distance_km(centre, Position(lat, lon)) <= km:
                between = box.west <= lon <= box.east
                crosses = box.west > box.east and (lon >= box.west or lon <= box.east)
                assert box.south <= lat <= box.north and (between or crosses)

"""The outline of the world."""

from __future__ import annotations

import pytest

from tagger.world_map.outline import Ring, world_outline
from tagger.world_map.projection import Projection

OUTLINE = world_outline()


@pytest.mark.parametrize(
    ("place", "lon", "lat"),
    [
        ("Paris", 2.35, 48.85),
        ("Alice Springs", 133.9, -23.7),
        ("Chukotka, east of the 180th meridian", -175.0, 66.5),
        ("the South Pole", 0.0, -89.9),
        ("Vanua Levu", 179.2, -16.6),
    ],
)
def test_places_on_land_are_on_land(place: str, lon: float, lat: float) -> None:
    assert is_inside(OUTLINE.land, lon, lat), place


@pytest.mark.parametrize(("place", "lon", "lat"), [("Atlantic", -40, 30), ("Pacific", -150, 10), ("Arctic", 0, 88)])
def test_the_sea_is_not_land(place: str, lon: float, lat: float) -> None:
    assert not is_inside(OUTLINE.land, lon, lat), place


def test_the_caspian_sea_is_a_lake() -> None:
    assert is_inside(OUTLINE.land, 51, 42)
    assert is_inside(OUTLINE.lakes, 51, 42)


def test_no_ring_jumps_over_the_picture() -> None:
    for ring in (*OUTLINE.land, *OUTLINE.lakes):
        assert all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in ring)
        joined = list(zip(ring, ring[1:] + ring[:1], strict=True))
        around_pole = [pair for pair in joined if abs(pair[0][0] - pair[1][0]) > 90]
        assert all(a[1] == b[1] == -90 for a, b in around_pole)


def test_corners_and_centre_are_where_they_belong() -> None:
    world = Projection(360, 180)
    assert world.point(-180, 90) == (0, 0)
    assert world.point(180, -90) == (360, 180)
    assert world.point(0, 0) == (180, 90)


def test_a_part_of_the_world_fills_the_picture() -> None:
    europe = Projection(100, 100, west=-10, south=35, east=30, north=70)
    assert europe.point(-10, 70) == (0, 0)
    assert europe.point(30, 35) == (100, 100)


def is_inside(rings: tuple[Ring, ...], lon: float, lat: float) -> bool:
    """By the number of edges west of the place."""
    edges = [edge for ring in rings for edge in zip(ring, ring[1:] + ring[:1], strict=True)]
    crossings = [
        x1 + (lat - y1) / (y2 - y1) * (x2 - x1) < lon for (x1, y1), (x2, y2) in edges if (y1 > lat) != (y2 > lat)
    ]
    return sum(crossings) % 2 == 1

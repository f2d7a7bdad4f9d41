"""The picture of the world."""

from __future__ import annotations

import io

from PIL import Image

from tagger.core.types import Position
from tagger.world_map.picture import LAND, PLACE, SEA, draw_world

PARIS, RIO = Position(48.86, 2.35), Position(-22.91, -43.17)


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def colour_at(image: Image.Image, lat: float, lon: float) -> str:
    pixel = image.getpixel((int((lon + 180) / 360 * image.width), int((84 - lat) / 142 * image.height)))
    assert isinstance(pixel, tuple)
    return "#{:02x}{:02x}{:02x}".format(*pixel)


def test_land_sea_and_places_are_where_they_belong() -> None:
    image = opened(draw_world([(PARIS, 1), (RIO, 3)]))
    assert colour_at(image, PARIS.lat, PARIS.lon) == colour_at(image, RIO.lat, RIO.lon) == PLACE
    assert colour_at(image, -25, 135) == LAND
    assert colour_at(image, 0, -30) == colour_at(image, 42, 51) == SEA


def test_a_place_with_many_photos_has_a_larger_dot() -> None:
    def dot(photos: int) -> int:
        colours = opened(draw_world([(PARIS, photos)])).getcolors(1_000_000) or []
        return sum(count for count, pixel in colours if pixel == (0xD7, 0x26, 0x3D))

    assert dot(1) < dot(4) < dot(100) == dot(100_000)


def test_places_at_the_edge_are_drawn() -> None:
    draw_world([(Position(90, 180), 1), (Position(-90, -180), 1)])


def test_a_picture_is_small_enough_for_telegram() -> None:
    png = draw_world([(Position(lat, lon), 1) for lat in range(-50, 80, 10) for lon in range(-180, 180, 10)])
    assert len(png) < 500_000
    assert opened(png).size == (1280, 505)

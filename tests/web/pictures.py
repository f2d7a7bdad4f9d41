"""Drawn pictures of landmarks, for screenshots that anybody may publish: a sky, a ground, and a silhouette."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw, ImageFilter

from db.engine import Store
from tagger.core.types import FoundFile, Landmark, NoLandmark, PhotoInfo, Result, Suggestion, Tagged
from tests.web.library import store_photos

Draw = ImageDraw.ImageDraw
Colour = tuple[int, int, int]

SKIES: tuple[tuple[Colour, Colour], ...] = (
    ((62, 118, 190), (205, 228, 245)),
    ((35, 48, 92), (240, 150, 96)),
    ((120, 150, 178), (228, 226, 214)),
    ((18, 24, 52), (70, 86, 140)),
    ((92, 160, 214), (250, 236, 205)),
)


def tower(draw: Draw, x: float, y: float, size: float, colour: Colour) -> None:
    """Two curved legs that meet, two platforms, and the arch below."""
    heights = [step / 24 for step in range(25)]
    half = [size * (0.022 + 0.2 * (1 - height) ** 2.4) for height in heights]
    left = [(x - width, y - size * height) for width, height in zip(half, heights, strict=True)]
    right = [(x + width, y - size * height) for width, height in zip(half, heights, strict=True)]
    draw.polygon([*left, *reversed(right)], colour)
    draw.line([(x, y - size), (x, y - size * 1.1)], colour, max(2, round(size * 0.014)))
    for height, width in ((0.2, 0.17), (0.42, 0.1)):
        draw.rectangle((x - size * width, y - size * (height + 0.03), x + size * width, y - size * height), colour)


def pyramids(draw: Draw, x: float, y: float, size: float, colour: Colour) -> None:
    for shift, scale in ((-0.55, 0.6), (0.5, 0.75), (0.0, 1.0)):
        middle, height = x + shift * size, size * 0.62 * scale
        draw.polygon([(middle - size * 0.5 * scale, y), (middle, y - height), (middle + size * 0.5 * scale, y)], colour)
        shade: Colour = (colour[0] * 3 // 4, colour[1] * 3 // 4, colour[2] * 3 // 4)
        draw.polygon([(middle, y - height), (middle + size * 0.5 * scale, y), (middle + size * 0.12 * scale, y)], shade)


def dome(draw: Draw, x: float, y: float, size: float, colour: Colour) -> None:
    draw.rectangle((x - size * 0.32, y - size * 0.34, x + size * 0.32, y), colour)
    draw.ellipse((x - size * 0.2, y - size * 0.68, x + size * 0.2, y - size * 0.2), colour)
    draw.line([(x, y - size * 0.68), (x, y - size * 0.8)], colour, max(2, round(size * 0.015)))
    for side in (-1, 1):
        draw.rectangle(
            (x + side * size * 0.5 - size * 0.03, y - size * 0.62, x + side * size * 0.5 + size * 0.03, y), colour
        )


def gate(draw: Draw, x: float, y: float, size: float, colour: Colour) -> None:
    draw.rectangle((x - size * 0.5, y - size * 0.62, x + size * 0.5, y - size * 0.46), colour)
    for column in range(6):
        left = x - size * 0.48 + column * size * 0.18
        draw.rectangle((left, y - size * 0.48, left + size * 0.06, y), colour)


def bridge(draw: Draw, x: float, y: float, size: float, colour: Colour) -> None:
    draw.rectangle((x - size, y - size * 0.14, x + size, y - size * 0.08), colour)
    for side in (-0.45, 0.45):
        draw.rectangle((x + side * size - 5, y - size * 0.72, x + side * size + 5, y), colour)
    places = [step / 20 for step in range(-20, 21)]
    points = [(x + place * size, y - size * (0.16 + 0.54 * _height(abs(place)) ** 2)) for place in places]
    draw.line(points, colour, 4)
    for place, top in points[::2]:
        draw.line([(place, top), (place, y - size * 0.1)], colour, 2)


def _height(place: float) -> float:
    """How high the cables are, 0 to 1, by the distance from the middle; the towers are at 0.45."""
    return place / 0.45 if place <= 0.45 else (1 - place) / 0.55


SHAPES: dict[str, tuple[Callable[[Draw, float, float, float, Colour], None], Landmark]] = {
    "eiffel_tower": (tower, Landmark("eiffel_tower", "Eiffel Tower", "France", 48.8584, 2.2945, "Paris")),
    "pyramids_of_giza": (pyramids, Landmark("pyramids_of_giza", "Pyramids of Giza", "Egypt", 29.9792, 31.1342, "Giza")),
    "taj_mahal": (dome, Landmark("taj_mahal", "Taj Mahal", "India", 27.1751, 78.0421, "Agra")),
    "brandenburg_gate": (gate, Landmark("brandenburg_gate", "Brandenburg Gate", "Germany", 52.5163, 13.3777, "Berlin")),
    "golden_gate_bridge": (
        bridge,
        Landmark("golden_gate_bridge", "Golden Gate Bridge", "United States", 37.8199, -122.4783, "San Francisco"),
    ),
}


def drawn_landmark(name: str | None, random: Random, size: tuple[int, int] = (1200, 800)) -> Image.Image:
    """A picture of a landmark; None draws hills."""
    width, height = size
    top, bottom = random.choice(SKIES)
    column = Image.new("RGB", (1, height))
    for y in range(height):
        share = y / height
        column.putpixel((0, y), tuple(round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True)))
    image = column.resize(size)
    draw = ImageDraw.Draw(image)
    horizon = height * random.uniform(0.68, 0.82)
    sun = (width * random.uniform(0.1, 0.9), height * random.uniform(0.15, 0.5))
    draw.ellipse((sun[0] - 40, sun[1] - 40, sun[0] + 40, sun[1] + 40), (255, 240, 205))
    image = image.filter(ImageFilter.GaussianBlur(14))
    draw = ImageDraw.Draw(image)
    hills = [(step * width / 40, horizon - random.uniform(0, height * 0.09)) for step in range(41)]
    draw.polygon([(0, height), *hills, (width, height)], (96, 112, 104))
    ground = random.choice([(74, 96, 66), (176, 150, 104), (92, 88, 92), (66, 98, 120)])
    if name is not None:
        colour = random.choice([(48, 42, 46), (110, 70, 54), (150, 82, 58), (70, 62, 74)])
        SHAPES[name][0](
            draw, width * random.uniform(0.35, 0.65), horizon + 12, height * random.uniform(0.5, 0.75), colour
        )
    draw.rectangle((0, horizon, width, height), ground)
    return image.filter(ImageFilter.GaussianBlur(0.7))


def drawn_library(store: Store, folder: Path, count: int, *, seed: int = 7) -> list[str]:
    """A library of drawn photos, from several trips of two years.

    Returns:
        Their digests, the oldest first.
    """
    random, batch, digests = Random(seed), [], []
    folder.mkdir(parents=True)
    names, taken = list(SHAPES), datetime(2024, 3, 2, 10)
    for number in range(count):
        name = (
            None
            if random.random() < 0.12
            else names[number * len(names) // count if number % 9 else random.randrange(5)]
        )
        taken += timedelta(days=random.choice([0, 0, 0, 1, 2, 19]), minutes=random.randrange(4, 300))
        path, size = folder / f"IMG_{4000 + number}.jpg", (1200, 800) if random.random() < 0.8 else (800, 1200)
        drawn_landmark(name, random, size).save(path, quality=88)
        digests.append(hashlib.sha256(path.read_bytes()).hexdigest())
        answer = _answer(name, random)
        place = SHAPES[name][1] if name and random.random() < 0.8 else None
        lat, lon = (place.lat, place.lon) if place and place.lat and place.lon else (None, None)
        info = PhotoInfo(
            *size,
            "JPEG",
            taken,
            lat and lat + random.uniform(-0.01, 0.01),
            lon and lon + random.uniform(-0.01, 0.01),
            phash=random.getrandbits(63),
        )
        batch.append((FoundFile(str(path), path.stat().st_size, 1), Result(str(path), digests[-1], answer, info)))
    store_photos(store, batch, landmarks=[landmark for _, landmark in SHAPES.values()])
    return digests


def _answer(name: str | None, random: Random) -> Tagged | NoLandmark:
    first = name or random.choice(list(SHAPES))
    score = random.uniform(0.55, 0.99) if name else random.uniform(0.08, 0.5)
    others = [key for key in SHAPES if key != first]
    random.shuffle(others)
    left, suggestions = 1 - score, [Suggestion(1, SHAPES[first][1], score, is_tag=name is not None)]
    for rank, key in enumerate(others, start=2):
        left *= random.uniform(0.2, 0.6)
        suggestions.append(Suggestion(rank, SHAPES[key][1], left, is_tag=False))
    return (Tagged if name else NoLandmark)(tuple(suggestions))

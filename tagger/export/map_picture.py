"""A map of the world with dots, as the parts of an SVG picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

from tagger.world_map.outline import Ring, world_outline
from tagger.world_map.projection import Projection

PX_PER_DEGREE = 2
NORTH, SOUTH = 84.0, -57.0  # no land beyond them but Antarctica, which is shown if there are photos of it
LEAST_RADIUS, MOST_RADIUS = 3.0, 10.0


@dataclass(frozen=True, slots=True)
class Dot:
    """Photos at one place.

    Args:
        lon: degrees east.
        lat: degrees north.
        key: of what they show.
        name: of what they show.
        photos: how many.
    """

    lon: float
    lat: float
    key: str
    name: str
    photos: int


@dataclass(frozen=True, slots=True)
class Circle:
    """A dot on the picture, in pixels."""

    x: float
    y: float
    radius: float
    dot: Dot


@dataclass(frozen=True, slots=True)
class Map:
    """A picture.

    Args:
        width: pixels.
        height: pixels.
        land: an SVG path, to be filled by the rule "evenodd".
        circles: the largest first, so that none hides another.
    """

    width: float
    height: float
    land: str
    circles: Sequence[Circle]


def draw(dots: Sequence[Dot]) -> Map:
    """A map with a circle for each dot, whose area grows with its photos."""
    south = -90.0 if any(dot.lat < SOUTH for dot in dots) else SOUTH
    width, height = 360 * PX_PER_DEGREE, (NORTH - south) * PX_PER_DEGREE
    projection = Projection(width, height, south=south, north=NORTH)
    outline = world_outline()
    most = max((dot.photos for dot in dots), default=1)
    circles = [
        Circle(*projection.point(dot.lon, dot.lat), max(LEAST_RADIUS, MOST_RADIUS * sqrt(dot.photos / most)), dot)
        for dot in dots
    ]
    circles.sort(key=lambda circle: -circle.radius)
    return Map(width, height, _path([*outline.land, *outline.lakes], projection), circles)


def _path(rings: Iterable[Ring], projection: Projection) -> str:
    """Rings as an SVG path with tenths of a pixel."""
    return "".join(
        "M" + " ".join("{:.1f},{:.1f}".format(*projection.point(lon, lat)) for lon, lat in ring) + "Z" for ring in rings
    )

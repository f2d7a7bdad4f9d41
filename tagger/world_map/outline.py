"""The land of the world as rings of positions; README.md beside this file has the source."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import accumulate

Ring = tuple[tuple[float, float], ...]  # (longitude, latitude) in degrees


@dataclass(frozen=True, slots=True)
class Outline:
    """Rings whose last point joins the first; none crosses the 180th meridian.

    Args:
        land: continents and islands.
        lakes: the water inside them. To be drawn over the land.
    """

    land: tuple[Ring, ...]
    lakes: tuple[Ring, ...]


@cache
def world_outline() -> Outline:
    """The world at 1:110 million: good for a picture of about 1,000 pixels."""
    stored = json.loads(resources.files(__package__).joinpath("land-110m.json").read_text(encoding="utf-8"))
    units = stored["units_per_degree"]
    land, lakes = (tuple(_ring(steps, units) for steps in stored[name]) for name in ("land", "lakes"))
    return Outline(land, lakes)


def _ring(steps: Sequence[int], units: int) -> Ring:
    """Positions from the differences between them."""
    longitudes, latitudes = accumulate(steps[::2]), accumulate(steps[1::2])
    return tuple((lon / units, lat / units) for lon, lat in zip(longitudes, latitudes, strict=True))

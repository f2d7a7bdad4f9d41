"""The outline of the world for maps in the browser."""

from __future__ import annotations

from functools import cache
from typing import Any

from tagger.world_map.outline import Ring, world_outline
from tagger.world_map.projection import Projection

WIDTH, HEIGHT = 360, 180  # of the small map


@cache
def world_geojson() -> dict[str, Any]:
    """Land and lakes as polygons."""
    outline = world_outline()
    kinds = {"land": outline.land, "lake": outline.lakes}
    return {
        "type": "FeatureCollection",
        "features": [_polygon(kind, ring) for kind, rings in kinds.items() for ring in rings],
    }


def _polygon(kind: str, ring: Ring) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"kind": kind},
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
    }


@cache
def land_path() -> str:
    """The land as the path of an SVG of `WIDTH` by `HEIGHT`."""
    projection = Projection(WIDTH, HEIGHT)
    rings = ([projection.point(*place) for place in ring] for ring in world_outline().land)
    return "".join("M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in ring) + "Z" for ring in rings)


def point(lon: float, lat: float) -> tuple[float, float]:
    """Where a place is on the small map."""
    return Projection(WIDTH, HEIGHT).point(lon, lat)

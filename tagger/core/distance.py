"""Distances on the earth, and the boxes around circles."""

from __future__ import annotations

import math
from typing import NamedTuple

from tagger.core.types import Position

EARTH_KM = 6371.0


class Box(NamedTuple):
    """Bounds in degrees. `west` is greater than `east` if the box crosses the date line."""

    south: float
    north: float
    west: float
    east: float


def distance_km(one: Position, other: Position) -> float:
    """Distance along the surface.

    Source:
        The haversine formula on a sphere; at most 0.5 % off, which is negligible here.
    """
    lat_1, lat_2 = math.radians(one.lat), math.radians(other.lat)
    half_lat, half_lon = (lat_2 - lat_1) / 2, math.radians(other.lon - one.lon) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(lat_1) * math.cos(lat_2) * math.sin(half_lon) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, chord)))


def box_around(centre: Position, km: float) -> Box:
    """The smallest box that contains a circle; one that contains a pole has all longitudes."""
    angle = math.degrees(km / EARTH_KM)
    south, north = centre.lat - angle, centre.lat + angle
    if south <= -90 or north >= 90:
        return Box(south, north, -180, 180)
    half = math.degrees(math.asin(math.sin(math.radians(angle)) / math.cos(math.radians(centre.lat))))
    west, east = centre.lon - half, centre.lon + half
    return Box(south, north, west + 360 if west < -180 else west, east - 360 if east > 180 else east)

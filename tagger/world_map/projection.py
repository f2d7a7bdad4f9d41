"""Where a position lies on a flat picture."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Projection:
    """The equirectangular projection of a part of the world onto a picture.

    A degree of longitude is as wide everywhere, and a degree of latitude as high. If both should be equal on the
    picture, its sides need the ratio of the degrees that it shows.

    Args:
        width_px: the picture's width.
        height_px: its height.
        west: the longitude of its left side.
        south: the latitude of its lower side.
        east: the longitude of its right side.
        north: the latitude of its upper side.
    """

    width_px: float
    height_px: float
    west: float = -180.0
    south: float = -90.0
    east: float = 180.0
    north: float = 90.0

    def point(self, lon: float, lat: float) -> tuple[float, float]:
        """Pixels to the right of the upper left corner, and below it; outside the picture for places outside."""
        right = (lon - self.west) / (self.east - self.west) * self.width_px
        down = (self.north - lat) / (self.north - self.south) * self.height_px
        return right, down

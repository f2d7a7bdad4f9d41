"""A picture of the world with places on it."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from tagger.core.types import Position
from tagger.world_map.outline import world_outline
from tagger.world_map.projection import Projection

WIDTH_PX = 1280
SOUTH, NORTH = -58.0, 84.0  # without Antarctica
SCALE = 2  # drawn larger and then reduced, since Pillow's polygons have hard edges
SEA, LAND, PLACE, RIM = "#cfe3f1", "#f4f0e4", "#d7263d", "#ffffff"
RADIUS_PX, MAX_RADIUS_PX = 7.0, 14.0  # of a place with one photo, and with very many


def draw_world(places: Sequence[tuple[Position, int]]) -> bytes:
    """A PNG of the world with a dot for each place.

    Args:
        places: each with its number of photos; more photos make a larger dot.
    """
    height_px = round(WIDTH_PX * (NORTH - SOUTH) / 360)
    projection = Projection(WIDTH_PX * SCALE, height_px * SCALE, south=SOUTH, north=NORTH)
    image = Image.new("RGB", (WIDTH_PX * SCALE, height_px * SCALE), SEA)
    draw = ImageDraw.Draw(image)
    outline = world_outline()
    for rings, colour in ((outline.land, LAND), (outline.lakes, SEA)):
        for ring in rings:
            draw.polygon([projection.point(lon, lat) for lon, lat in ring], fill=colour)
    for position, photos in sorted(places, key=lambda place: -place[1]):  # small dots over large ones
        radius = min(RADIUS_PX + 2 * math.log2(max(photos, 1)), MAX_RADIUS_PX) * SCALE
        draw.circle(projection.point(position.lon, position.lat), radius, fill=PLACE, outline=RIM, width=2 * SCALE)
    encoded = io.BytesIO()
    image.resize((WIDTH_PX, height_px), Image.Resampling.BOX).save(encoded, "PNG", optimize=True)
    return encoded.getvalue()

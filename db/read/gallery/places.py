"""Photos on a map, as cells of a grid with how many there are in each: a map never gets a photo for each pixel."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, TableClause, and_, case, func, or_, select

from db.dialect import of_greatest, whole
from db.read.gallery.matching import matching
from db.read.query_language.tree import Node
from db.schema.models import Landmark, Photo
from db.schema.views import machine_tag, person_tag

CELLS_PER_TILE = 8  # on each side of a map's tile, which shows 360 degrees at zoom 0
MOST_CELLS = 3000
MOST_ZOOM = 18


@dataclass(frozen=True, slots=True)
class Bounds:
    """A part of the world, in degrees; `west` is greater than `east` if it crosses the 180th meridian."""

    south: float
    west: float
    north: float
    east: float


@dataclass(frozen=True, slots=True)
class Cell:
    """Photos near one another.

    Args:
        lat: the mean of their places.
        lon: likewise.
        photos: how many there are.
        sha256: the newest's.
    """

    lat: float
    lon: float
    photos: int
    sha256: str


def places(connection: Connection, query: Node, bounds: Bounds, zoom: int) -> list[Cell]:
    """The photos that a query finds in a part of the world; errors as for `tiles`.

    A photo is where it was taken, or if that is unknown, where its landmark is.

    Args:
        connection: any.
        query: which photos.
        bounds: the part.
        zoom: of the map, 0 to 18: how small the cells are.
    """
    has_place = and_(Photo.lat.is_not(None), Photo.lon.is_not(None))
    landmark = case((~has_place, func.coalesce(*map(_first_landmark, (machine_tag, person_tag)))))
    lat = case((has_place, Photo.lat), else_=Landmark.lat).label("lat")
    lon = case((has_place, Photo.lon), else_=Landmark.lon).label("lon")
    located = (
        select(Photo.sha256, Photo.taken_at, lat, lon)
        .outerjoin(Landmark, Landmark.id == landmark)
        .where(matching(connection, query), lat.is_not(None))
        .subquery()
    )
    side = 360 / (CELLS_PER_TILE * 2 ** min(max(zoom, 0), MOST_ZOOM))
    row, column = (whole((degrees + 180) / side) for degrees in (located.c.lat, located.c.lon))
    join = and_ if bounds.west <= bounds.east else or_
    is_inside = and_(
        located.c.lat.between(bounds.south, bounds.north),
        join(located.c.lon >= bounds.west, located.c.lon <= bounds.east),
    )
    cells = (
        select(func.avg(located.c.lat), func.avg(located.c.lon), func.count().label("photos"))
        .add_columns(of_greatest(located.c.sha256, located.c.taken_at), func.max(located.c.taken_at))
        .where(is_inside)
        .group_by(row, column)
        .order_by(func.count().desc())
        .limit(MOST_CELLS)
    )
    return [Cell(*cell[:4]) for cell in connection.execute(cells)]


def _first_landmark(view: TableClause) -> ColumnElement[int]:
    """Of the photo's tags in a view. SQLite would collect all tags of the library to search `tag`, their union."""
    of_photo = select(view.c.landmark_id).where(view.c.photo_id == Photo.id, view.c.is_current)
    return of_photo.limit(1).correlate(Photo).scalar_subquery()

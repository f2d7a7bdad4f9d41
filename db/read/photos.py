"""Find photos by what identifies a content: the SHA-256 of its bytes, whether or not its metadata were edited since."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from db.batching import as_list
from db.dialect import execute, is_listed
from db.errors import UnknownPhoto
from db.schema.models import Photo, Variant
from tagger.core.types import Position

# Built once: a statement takes as long to build as to run.
CONTENT_IDS = select(Photo.sha256, Photo.id).where(is_listed(Photo.sha256, bindparam("names")))
VARIANT_IDS = select(Variant.sha256, Variant.photo_id).where(is_listed(Variant.sha256, bindparam("names")))
PICTURE_IDS = select(Photo.picture, Photo.id).where(is_listed(Photo.picture, bindparam("names")))

POSITIONS = select(Photo.sha256, Photo.lat, Photo.lon).where(is_listed(Photo.sha256, bindparam("names")))


def find_photo(connection: Connection, sha256: str) -> int:
    """The number of the photo with a content.

    Raises:
        UnknownPhoto: the content was never stored.
    """
    number = photo_ids(connection, [sha256]).get(sha256)
    if number is None:
        raise UnknownPhoto(sha256)
    return number


def content_of(connection: Connection, photo: int) -> str:
    """The content whose metadata a photo has."""
    return connection.execute(select(Photo.sha256).where(Photo.id == photo)).scalar_one()


def position_of(connection: Connection, sha256: str) -> Position | None:
    """Where the photo with a content was taken; None if that is unknown."""
    place = select(Photo.lat, Photo.lon).where(Photo.id == find_photo(connection, sha256))
    lat, lon = connection.execute(place).one()
    return None if lat is None or lon is None else Position(lat, lon)


def positions_of(connection: Connection, contents: Iterable[str]) -> dict[str, Position]:
    """Where the photos that have the metadata of these contents were taken, as far as that is known, by sha256."""
    rows = connection.execute(POSITIONS, {"names": as_list(contents)})
    return {sha256: Position(lat, lon) for sha256, lat, lon in rows if lat is not None and lon is not None}


def photo_ids(connection: Connection, contents: Collection[str]) -> dict[str, int]:
    """The numbers of the photos with these contents, by sha256."""
    found = content_ids(connection, contents)
    return found if len(found) == len(contents) else found | variant_ids(connection, contents)


def content_ids(connection: Connection, contents: Iterable[str]) -> dict[str, int]:
    """The numbers of the photos that have the metadata of these contents, by sha256."""
    return _ids(connection, CONTENT_IDS, contents)


def variant_ids(connection: Connection, contents: Iterable[str]) -> dict[str, int]:
    """The numbers of the photos that have variants with these contents, by sha256."""
    return _ids(connection, VARIANT_IDS, contents)


def picture_ids(connection: Connection, pictures: Iterable[str]) -> dict[str, int]:
    """The numbers of the photos with these pictures, by the picture's hash."""
    return _ids(connection, PICTURE_IDS, pictures)


def _ids(connection: Connection, statement: Select[*tuple[Any, ...]], names: Iterable[str]) -> dict[str, int]:
    sought = list(names)
    return dict(execute(connection, statement, {"names": as_list(sought)}).all()) if sought else {}

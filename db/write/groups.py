"""Groups of photos that look the same; `tagger.library.duplicates` finds them.

The one rule: a group's number is that of its smallest photo, and a photo that was compared and is alone has its own. A
photo without one still has to be compared, so that a run that was killed leaves nothing out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from db.schema.models import Photo

UNCOMPARED = Photo.phash.is_not(None) & Photo.group_id.is_(None)


class PhotoHash(NamedTuple):
    """What tells whether a photo looks the same as another.

    Attributes:
        photo: its number.
        phash: 64 bits as a signed number.
        taken_at: by the camera's clock; None if EXIF has no date.
        aspect: width by height, upright.
        group: its group's number; None if it was not compared yet.
    """

    photo: int
    phash: int
    taken_at: datetime | None
    aspect: float
    group: int | None


def has_uncompared(connection: Connection) -> bool:
    """Whether there is a photo that was not compared with the others yet."""
    return connection.execute(select(Photo.id).where(UNCOMPARED).limit(1)).first() is not None


def photo_hashes(connection: Connection) -> list[PhotoHash]:
    """All photos that have a hash."""
    columns = (Photo.id, Photo.phash, Photo.taken_at, Photo.taken_from, Photo.width, Photo.height, Photo.group_id)
    rows: Iterable[Any] = connection.execute(select(*columns).where(Photo.phash.is_not(None)))
    return [
        PhotoHash(photo, phash, taken_at if taken_from == "exif" else None, width / height, group)
        for photo, phash, taken_at, taken_from, width, height, group in rows
    ]


def assign_groups(connection: Connection, groups: Mapping[int, int]) -> None:
    """Put photos into groups, by their numbers; photos that are not named stay where they are."""
    statement = update(Photo).where(Photo.id == bindparam("photo")).values(group_id=bindparam("group"))
    rows = [{"photo": photo, "group": group} for photo, group in groups.items()]
    if rows:
        connection.execute(statement, rows)

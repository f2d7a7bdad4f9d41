"""Photos that look the same, by number. `tagger.library.duplicates` finds out which ones do; here it is kept.

The one rule: a group is named by the smallest photo in it, and a photo that was compared and is alone names itself.
One without a name waits to be compared, so that a run that was killed leaves nothing out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from db.schema.models import Photo

WAITING = Photo.phash.is_not(None) & Photo.group_id.is_(None)


class PhotoHash(NamedTuple):
    """Args:
    phash: 64 bits as a signed number.
    taken_at: by the camera's clock; None where EXIF has no date.
    aspect: width by height, upright.
    group: a photo's number; None where it was not compared yet.
    """

    photo: int
    phash: int
    taken_at: datetime | None
    aspect: float
    group: int | None


def some_wait(connection: Connection) -> bool:
    """Whether any photo was not compared with the others yet."""
    return connection.execute(select(Photo.id).where(WAITING).limit(1)).first() is not None


def looks(connection: Connection) -> list[PhotoHash]:
    """Every photo that has a hash."""
    columns = (Photo.id, Photo.phash, Photo.taken_at, Photo.taken_from, Photo.width, Photo.height, Photo.group_id)
    rows: Iterable[Any] = connection.execute(select(*columns).where(Photo.phash.is_not(None)))
    return [
        PhotoHash(photo, phash, taken_at if taken_from == "exif" else None, width / height, group)
        for photo, phash, taken_at, taken_from, width, height, group in rows
    ]


def put_into_groups(connection: Connection, groups: Mapping[int, int]) -> None:
    """Args:
    groups: a photo's group by the photo's number; photos that are not in it stay where they are.
    """
    statement = update(Photo).where(Photo.id == bindparam("photo")).values(group_id=bindparam("named"))
    rows = [{"photo": photo, "named": group} for photo, group in groups.items()]
    if rows:
        connection.execute(statement, rows)

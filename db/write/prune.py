"""Removing what is about files that are long gone.

The one rule: what people said is never removed. A photo with a decision keeps its row, so that it is known again when
a file with its content comes back; so does one that a person sent to the bot.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from db.batching import in_batches
from db.engine import Store
from db.schema.models import Assessment, Decision, Failure, File, Photo, Suggestion
from db.schema.telegram import TelegramPhoto

AT_A_TIME = 500  # files; others may write in between


@dataclass(frozen=True, slots=True)
class Pruned:
    files: int
    photos: int


def prune(store: Store, *, gone_before: datetime) -> Pruned:
    """Remove files that were found gone before a moment, and photos of which nothing else is left."""
    files = photos = 0
    while some := _remove_some(store, gone_before):
        files += some.files
        photos += some.photos
    return Pruned(files, photos)


def _remove_some(store: Store, gone_before: datetime) -> Pruned | None:
    with store.write() as connection:
        gone = select(File.id, File.photo_id).where(File.gone_at < gone_before).limit(AT_A_TIME)
        rows = connection.execute(gone).all()
        if not rows:
            return None
        for numbers in in_batches([row.id for row in rows]):
            connection.execute(delete(Failure).where(Failure.file_id.in_(numbers)))
            connection.execute(delete(File).where(File.id.in_(numbers)))
        lonely = _lonely(connection, {row.photo_id for row in rows if row.photo_id is not None})
        _leave_groups(connection, lonely)
        for table in (Suggestion, Assessment):
            connection.execute(delete(table).where(table.photo_id.in_(lonely)))
        connection.execute(delete(Photo).where(Photo.id.in_(lonely)))
        return Pruned(len(rows), len(lonely))


def _lonely(connection: Connection, photos: set[int]) -> set[int]:
    """Those of which nothing is left but what the machine said."""
    kept: set[int | None] = set()
    for table in (File, Decision, TelegramPhoto):
        kept.update(connection.execute(select(table.photo_id).where(table.photo_id.in_(photos))).scalars())
    return photos - kept


def _leave_groups(connection: Connection, photos: Iterable[int]) -> None:
    """A group is named by the smallest photo in it, as `db.write.groups` says; also where that one is alone now."""
    leaving = select(Photo.group_id).where(Photo.id.in_(photos), Photo.group_id.is_not(None)).distinct()
    groups = connection.execute(leaving).scalars().all()
    connection.execute(update(Photo).where(Photo.id.in_(photos)).values(group_id=None))
    smallest = select(Photo.group_id, func.min(Photo.id)).where(Photo.group_id.in_(groups)).group_by(Photo.group_id)
    for group, photo in connection.execute(smallest).all():
        connection.execute(update(Photo).where(Photo.group_id == group).values(group_id=photo))

"""Remove the rows of long-missing files.

The one rule: decisions are never removed. A photo with a decision keeps its row, for when a file with its content comes
back; so does a photo that was sent to the bot.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from db.engine import Store, in_batches
from db.schema.models import Assessment, Decision, Failure, File, Photo, Suggestion
from db.schema.telegram import TelegramPhoto

FILES_PER_TRANSACTION = 500  # other processes may write in between


@dataclass(frozen=True, slots=True)
class Pruned:
    """Numbers of removed rows."""

    files: int
    photos: int


def prune(store: Store, *, gone_before: datetime) -> Pruned:
    """Remove files that are missing since before a moment, and photos without another file."""
    files = photos = 0
    while batch := _prune_batch(store, gone_before):
        files += batch.files
        photos += batch.photos
    return Pruned(files, photos)


def _prune_batch(store: Store, gone_before: datetime) -> Pruned | None:
    with store.write() as connection:
        gone = select(File.id, File.photo_id).where(File.gone_at < gone_before).limit(FILES_PER_TRANSACTION)
        rows = connection.execute(gone).all()
        if not rows:
            return None
        for numbers in in_batches([row.id for row in rows]):
            connection.execute(delete(Failure).where(Failure.file_id.in_(numbers)))
            connection.execute(delete(File).where(File.id.in_(numbers)))
        orphans = _orphans(connection, {row.photo_id for row in rows if row.photo_id is not None})
        _leave_groups(connection, orphans)
        for table in (Suggestion, Assessment):
            connection.execute(delete(table).where(table.photo_id.in_(orphans)))
        connection.execute(delete(Photo).where(Photo.id.in_(orphans)))
        return Pruned(len(rows), len(orphans))


def _orphans(connection: Connection, photos: set[int]) -> set[int]:
    """The photos that only the machine's answers refer to."""
    kept: set[int | None] = set()
    for table in (File, Decision, TelegramPhoto):
        kept.update(connection.execute(select(table.photo_id).where(table.photo_id.in_(photos))).scalars())
    return photos - kept


def _leave_groups(connection: Connection, photos: Iterable[int]) -> None:
    """Remove photos from their groups, and renumber each group by its smallest remaining photo."""
    leaving = select(Photo.group_id).where(Photo.id.in_(photos), Photo.group_id.is_not(None)).distinct()
    groups = connection.execute(leaving).scalars().all()
    connection.execute(update(Photo).where(Photo.id.in_(photos)).values(group_id=None))
    smallest = select(Photo.group_id, func.min(Photo.id)).where(Photo.group_id.in_(groups)).group_by(Photo.group_id)
    for group, photo in connection.execute(smallest).all():
        connection.execute(update(Photo).where(Photo.group_id == group).values(group_id=photo))

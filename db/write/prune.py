"""Remove the rows of files that have long been gone.

The one rule: decisions are never removed. A photo with a decision keeps its row, for when a file with its content comes
back; so does a photo that was sent to the bot.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, or_, select

from db.batching import in_batches
from db.engine import Store
from db.schema.models import Assessment, Decision, Failure, File, Photo, Suggestion, Variant
from db.schema.telegram import TelegramPhoto
from db.taught.embeddings import mark_embeddings
from db.write.comparisons import leave_groups

FILES_PER_TRANSACTION = 500  # other processes may write in between


@dataclass(frozen=True, slots=True)
class Pruned:
    """Numbers of removed rows."""

    files: int = 0
    photos: int = 0

    def __add__(self, other: Pruned) -> Pruned:
        return Pruned(self.files + other.files, self.photos + other.photos)


def prune(store: Store, *, gone_before: datetime) -> Pruned:
    """Remove files that were gone before a moment, and photos without a file that were added before it."""
    gone = select(File.id, File.photo_id).where(File.gone_at < gone_before).limit(FILES_PER_TRANSACTION)
    has_file = select(File.id).where(File.photo_id == Photo.id).correlate(Photo).exists()
    replaced = select(Photo.id).where(Photo.added_at < gone_before, ~has_file)  # their files have another content now
    pruned = Pruned()
    while True:
        with store.write() as connection:
            rows = [(row.id, row.photo_id) for row in connection.execute(gone)]
            pruned += remove_files(connection, rows)
            if not rows:
                photos = set(connection.execute(replaced).scalars())
                return pruned + Pruned(photos=remove_photos(connection, photos))


def files_to_prune(connection: Connection, *, gone_before: datetime) -> list[str]:
    """The files that `prune` would remove, by path."""
    gone = select(File.path).where(File.gone_at < gone_before).order_by(File.path)
    return list(connection.execute(gone).scalars())


def count_photos_to_prune(connection: Connection, *, gone_before: datetime) -> int:
    """How many photos `prune` would remove."""
    files = select(File.id).where(File.photo_id == Photo.id)
    is_gone = files.where(File.gone_at < gone_before).exists()
    kept = [select(table.photo_id).where(table.photo_id == Photo.id).exists() for table in (Decision, TelegramPhoto)]
    kept.append(files.where(or_(File.gone_at.is_(None), File.gone_at >= gone_before)).exists())
    removed = select(func.count()).select_from(Photo).where(or_(is_gone, Photo.added_at < gone_before), ~or_(*kept))
    return connection.execute(removed).scalar_one()


def remove_files(connection: Connection, files: Iterable[tuple[int, int | None]]) -> Pruned:
    """Remove files, given with their photos, and photos without another file."""
    rows = list(files)
    for numbers in in_batches(number for number, _ in rows):
        connection.execute(delete(Failure).where(Failure.file_id.in_(numbers)))
        connection.execute(delete(File).where(File.id.in_(numbers)))
    photos = remove_photos(connection, {photo for _, photo in rows if photo is not None})
    return Pruned(len(rows), photos)


def remove_photos(connection: Connection, photos: set[int]) -> int:
    """Remove, of some photos, those that only the machine's answers refer to, and return their number."""
    removed = 0
    for batch in in_batches(photos):
        orphans = _orphans(connection, set(batch))
        leave_groups(connection, orphans)
        mark_embeddings(connection, orphans)
        for table in (Suggestion, Assessment, Variant):
            connection.execute(delete(table).where(table.photo_id.in_(orphans)))
        connection.execute(delete(Photo).where(Photo.id.in_(orphans)))
        removed += len(orphans)
    return removed


def _orphans(connection: Connection, photos: set[int]) -> set[int]:
    """The photos that only the machine's answers refer to."""
    kept: set[int | None] = set()
    for table in (File, Decision, TelegramPhoto):
        kept.update(connection.execute(select(table.photo_id).where(table.photo_id.in_(photos))).scalars())
    return photos - kept

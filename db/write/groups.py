"""Take photos out of their groups of near-duplicates."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, func, select, update

from db.schema.models import Photo


def leave_groups(connection: Connection, photos: Iterable[int]) -> None:
    """Remove photos from their groups, and renumber each group by its smallest remaining photo."""
    leaving = select(Photo.group_id).where(Photo.id.in_(photos), Photo.group_id.is_not(None)).distinct()
    groups = connection.execute(leaving).scalars().all()
    connection.execute(update(Photo).where(Photo.id.in_(photos)).values(group_id=None))
    smallest = select(Photo.group_id, func.min(Photo.id)).where(Photo.group_id.in_(groups)).group_by(Photo.group_id)
    for group, photo in connection.execute(smallest).all():
        connection.execute(update(Photo).where(Photo.group_id == group).values(group_id=photo))

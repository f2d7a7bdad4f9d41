"""Remember what a person skipped in a review."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, delete

from db.dialect import insert
from db.schema.models import Skip


def skip_photo(connection: Connection, photo: int, *, who: str) -> None:
    """Let a photo come last in a person's next review."""
    now = datetime.now(UTC)
    skipped = insert(Skip).values(photo_id=photo, who=who, skipped_at=now)
    connection.execute(skipped.on_conflict_do_update(index_elements=["photo_id", "who"], set_={"skipped_at": now}))


def unskip_photo(connection: Connection, photo: int, *, who: str) -> None:
    """Let a photo have its place again."""
    connection.execute(delete(Skip).where(Skip.photo_id == photo, Skip.who == who))

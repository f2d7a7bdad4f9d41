"""Blocks of 1,024 photos by row id, and what each contains: where a listing may find something, and how much.

Photos are stored as a scan finds them, so those of a block mostly lie in neighbouring folders and times. A listing
skips the blocks in which nothing can match, and `tagger labels` adds up their counts.

The one rule: triggers keep the blocks, so no write can forget them. A block may contain less than its bounds say, but
never more. After any change it is stale, until `db.blocks` looks at its photos again.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.base import PathBytes
from db.schema.models import Base as Base

SIZE = 1024  # how many photo ids a block has


class PhotoBlock(Base):
    """The bounds of a block. It has no row before one of its photos has a file."""

    __tablename__ = "photo_block"

    id: Mapped[int] = mapped_column(primary_key=True)  # the id of each of its photos, divided by SIZE
    first_path: Mapped[str] = mapped_column(PathBytes)
    last_path: Mapped[str] = mapped_column(PathBytes)
    first_taken_at: Mapped[datetime] = mapped_column(DateTime)
    last_taken_at: Mapped[datetime] = mapped_column(DateTime)
    has_gps: Mapped[bool]
    is_stale: Mapped[bool] = mapped_column(server_default=text("1"))  # it was changed, and not counted since


class BlockCount(Base):
    """How many present photos of a block show a landmark; there is no row for none."""

    __tablename__ = "block_count"
    __table_args__ = ({"sqlite_with_rowid": False},)

    block_id: Mapped[int] = mapped_column(ForeignKey("photo_block.id"), primary_key=True)
    landmark_id: Mapped[int] = mapped_column(ForeignKey("landmark.id"), primary_key=True)
    photos: Mapped[int]


WIDEN = f"""
    INSERT INTO photo_block (id, first_path, last_path, first_taken_at, last_taken_at, has_gps)
    SELECT p.id / {SIZE}, NEW.path, NEW.path, p.taken_at, p.taken_at, p.lat IS NOT NULL
    FROM photo p WHERE p.id = NEW.photo_id
    ON CONFLICT (id) DO UPDATE SET
        first_path = min(first_path, excluded.first_path),
        last_path = max(last_path, excluded.last_path),
        first_taken_at = min(first_taken_at, excluded.first_taken_at),
        last_taken_at = max(last_taken_at, excluded.last_taken_at),
        has_gps = max(has_gps, excluded.has_gps),
        is_stale = 1
    WHERE is_stale = 0 OR excluded.first_path < first_path OR excluded.last_path > last_path
        OR excluded.first_taken_at < first_taken_at OR excluded.last_taken_at > last_taken_at
        OR excluded.has_gps > has_gps;
    """  # WHERE: most rows change nothing, and writing costs more than comparing
WIDEN_BY_PHOTO = f"""
    UPDATE photo_block SET
        first_taken_at = min(first_taken_at, NEW.taken_at),
        last_taken_at = max(last_taken_at, NEW.taken_at),
        has_gps = max(has_gps, NEW.lat IS NOT NULL)
    WHERE id = NEW.id / {SIZE};
    """


def _mark_stale(photo_id: str) -> str:
    return f"UPDATE photo_block SET is_stale = 1 WHERE id = {photo_id} / {SIZE} AND is_stale = 0;"


OF_NEW, OF_OLD = _mark_stale("NEW.photo_id"), _mark_stale("OLD.photo_id")

# When each runs, and what it does. None waits for new suggestions: their photo's current model is set with them.
TRIGGERS = {
    "file_inserted": ("INSERT ON file WHEN NEW.photo_id IS NOT NULL", WIDEN),
    "file_updated": ("UPDATE OF path, photo_id, gone_at ON file", OF_OLD + WIDEN),
    "file_deleted": ("DELETE ON file", OF_OLD),
    "photo_updated": ("UPDATE OF taken_at, lat ON photo", WIDEN_BY_PHOTO),
    "photo_answered": ("UPDATE OF current_model_id ON photo", _mark_stale("NEW.id")),
    "suggestion_updated": ("UPDATE OF photo_id, landmark_id, is_tag ON suggestion", OF_OLD + OF_NEW),
    "suggestion_deleted": ("DELETE ON suggestion", OF_OLD),
    "decision_inserted": ("INSERT ON decision", OF_NEW),
    "decision_updated": ("UPDATE ON decision", OF_OLD + OF_NEW),
    "decision_deleted": ("DELETE ON decision", OF_OLD),
}


def create_triggers() -> list[str]:
    """The statements that create the triggers."""
    return [f"CREATE TRIGGER {name} AFTER {when} BEGIN {body} END" for name, (when, body) in TRIGGERS.items()]

"""Blocks of 1,024 photos by row id, and what each contains: where a listing may find something, and how much.

Photos are stored as a scan finds them, so those of a block mostly lie in neighbouring folders and times. A listing
skips the blocks in which nothing can match, and `tagger labels` adds up their counts.

The one rule: triggers keep the blocks, so no write can forget them. A block may contain less than its bounds say, but
never more. After any change it is stale, until `db.blocks` looks at its photos again.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, ForeignKey, true
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
    is_stale: Mapped[bool] = mapped_column(server_default=true())  # it was changed, and not counted since


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


IN_POSTGRESQL = {
    WIDEN: f"""
        INSERT INTO photo_block AS b (id, first_path, last_path, first_taken_at, last_taken_at, has_gps)
        SELECT p.id / {SIZE}, NEW.path, NEW.path, p.taken_at, p.taken_at, p.lat IS NOT NULL
        FROM photo p WHERE p.id = NEW.photo_id
        ON CONFLICT (id) DO UPDATE SET
            first_path = least(b.first_path, excluded.first_path),
            last_path = greatest(b.last_path, excluded.last_path),
            first_taken_at = least(b.first_taken_at, excluded.first_taken_at),
            last_taken_at = greatest(b.last_taken_at, excluded.last_taken_at),
            has_gps = b.has_gps OR excluded.has_gps,
            is_stale = true
        WHERE NOT b.is_stale OR excluded.first_path < b.first_path OR excluded.last_path > b.last_path
            OR excluded.first_taken_at < b.first_taken_at OR excluded.last_taken_at > b.last_taken_at
            OR excluded.has_gps > b.has_gps;
        """,
    WIDEN_BY_PHOTO: f"""
        UPDATE photo_block SET
            first_taken_at = least(first_taken_at, NEW.taken_at),
            last_taken_at = greatest(last_taken_at, NEW.taken_at),
            has_gps = has_gps OR NEW.lat IS NOT NULL
        WHERE id = NEW.id / {SIZE};
        """,
    "is_stale = 1": "is_stale = true",
    "is_stale = 0": "NOT is_stale",
}


def create_triggers(dialect: str) -> list[str]:
    """The statements that create the triggers in "sqlite" or "postgresql"."""
    if dialect == "sqlite":
        return [f"CREATE TRIGGER {name} AFTER {when} BEGIN {body} END" for name, (when, body) in TRIGGERS.items()]
    return [statement for name, (when, body) in TRIGGERS.items() for statement in _in_postgresql(name, when, body)]


def _in_postgresql(name: str, when: str, body: str) -> tuple[str, str]:
    """A trigger and the function that it calls."""
    for text, theirs in IN_POSTGRESQL.items():
        body = body.replace(text, theirs)
    event, _, condition = when.partition(" WHEN ")
    condition = f"WHEN ({condition}) " if condition else ""
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$",
        f"CREATE TRIGGER {name} AFTER {event} FOR EACH ROW {condition}EXECUTE FUNCTION {name}()",
    )

"""What blocks of photos contain, so that listings skip most of them, and counts are quick."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

WIDEN = """
    INSERT INTO photo_block (id, first_path, last_path, first_taken_at, last_taken_at, has_gps)
    SELECT p.id / 1024, NEW.path, NEW.path, p.taken_at, p.taken_at, p.lat IS NOT NULL
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
    """
WIDEN_BY_PHOTO = """
    UPDATE photo_block SET
        first_taken_at = min(first_taken_at, NEW.taken_at),
        last_taken_at = max(last_taken_at, NEW.taken_at),
        has_gps = max(has_gps, NEW.lat IS NOT NULL)
    WHERE id = NEW.id / 1024;
    """
STALE = "UPDATE photo_block SET is_stale = 1 WHERE id = {} / 1024 AND is_stale = 0;"
OF_NEW, OF_OLD = STALE.format("NEW.photo_id"), STALE.format("OLD.photo_id")
TRIGGERS = {
    "file_inserted": ("INSERT ON file WHEN NEW.photo_id IS NOT NULL", WIDEN),
    "file_updated": ("UPDATE OF path, photo_id, gone_at ON file", OF_OLD + WIDEN),
    "file_deleted": ("DELETE ON file", OF_OLD),
    "photo_updated": ("UPDATE OF taken_at, lat ON photo", WIDEN_BY_PHOTO),
    "photo_answered": ("UPDATE OF current_model_id ON photo", STALE.format("NEW.id")),
    "suggestion_updated": ("UPDATE OF photo_id, landmark_id, is_tag ON suggestion", OF_OLD + OF_NEW),
    "suggestion_deleted": ("DELETE ON suggestion", OF_OLD),
    "decision_inserted": ("INSERT ON decision", OF_NEW),
    "decision_updated": ("UPDATE ON decision", OF_OLD + OF_NEW),
    "decision_deleted": ("DELETE ON decision", OF_OLD),
}


def upgrade() -> None:
    op.create_table(
        "photo_block",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("first_path", sa.LargeBinary, nullable=False),
        sa.Column("last_path", sa.LargeBinary, nullable=False),
        sa.Column("first_taken_at", sa.DateTime, nullable=False),
        sa.Column("last_taken_at", sa.DateTime, nullable=False),
        sa.Column("has_gps", sa.Boolean, nullable=False),
        sa.Column("is_stale", sa.Boolean, nullable=False, server_default=sa.text("1")),
        sa.PrimaryKeyConstraint("id", name="pk_photo_block"),
    )
    op.create_table(
        "block_count",
        sa.Column("block_id", sa.Integer, nullable=False),
        sa.Column("landmark_id", sa.Integer, nullable=False),
        sa.Column("photos", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("block_id", "landmark_id", name="pk_block_count"),
        sa.ForeignKeyConstraint(["block_id"], ["photo_block.id"], name="fk_block_count_block_id"),
        sa.ForeignKeyConstraint(["landmark_id"], ["landmark.id"], name="fk_block_count_landmark_id"),
        sqlite_with_rowid=False,
    )
    op.execute("""
        INSERT INTO photo_block (id, first_path, last_path, first_taken_at, last_taken_at, has_gps)
        SELECT p.id / 1024, min(f.path), max(f.path), min(p.taken_at), max(p.taken_at), max(p.lat IS NOT NULL)
        FROM photo p JOIN file f ON f.photo_id = p.id GROUP BY 1
        """)
    for name, (when, body) in TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} AFTER {when} BEGIN {body} END")

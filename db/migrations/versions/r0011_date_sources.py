"""A photo's date has more sources than EXIF and the file; that of a clock that was reset is marked.

SQLite cannot change a CHECK in place: the table is copied, created again and filled.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

SOURCES = ("exif", "xmp", "iptc", "takeout", "name", "gps", "reset", "edit", "mtime")
RESETS = ("1904-01-01", "1969-12-31", "1970-01-01", "1980-01-01", "1980-01-06", "2000-01-01", "2002-12-08")


def upgrade() -> None:
    op.execute("CREATE TEMP TABLE aside AS SELECT * FROM photo")
    op.drop_table("photo")
    op.create_table(
        "photo",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("sha256", sa.String, nullable=False, unique=True),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("size_bytes", "width", "height")),
        sa.Column("format", sa.String, nullable=False),
        sa.Column("taken_at", sa.DateTime, nullable=False),
        sa.Column("taken_from", sa.String, nullable=False),
        sa.Column("added_at", sa.DateTime, nullable=False),
        sa.Column("current_model_id", sa.Integer, sa.ForeignKey("model.id")),
        *(sa.Column(name, sa.Float) for name in ("lat", "lon")),
        *(sa.Column(name, sa.Integer) for name in ("phash", "group_id")),
        sa.CheckConstraint(f"taken_from IN {SOURCES}", name="taken_from"),
    )
    op.execute("INSERT INTO photo SELECT * FROM aside")
    op.execute("DROP TABLE aside")
    op.create_index("ix_photo_taken_at", "photo", ["taken_at"])
    for name in ("phash", "group_id"):
        op.create_index(f"ix_photo_{name}", "photo", [name], sqlite_where=sa.text(f"{name} IS NOT NULL"))
    op.execute(
        "UPDATE photo SET taken_from = 'reset' "
        f"WHERE taken_from = 'exif' AND (taken_at < '1826' OR date(taken_at) IN {RESETS})"
    )
    # Dates that say nothing about the time of day no longer make bursts: those photos are compared again.
    op.execute(
        "UPDATE photo SET group_id = NULL WHERE group_id IN (SELECT group_id FROM photo WHERE taken_from = 'reset' "
        "OR (taken_from = 'exif' AND (taken_at < '1990' OR time(taken_at) = '00:00:00')))"
    )

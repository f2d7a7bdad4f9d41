"""A photo has the hash of its picture, and may have other bytes with the same picture."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("photo", sa.Column("picture", sa.String))
    op.add_column("photo", sa.Column("metadata_mtime_ns", sa.Integer))
    op.create_index("ix_photo_picture", "photo", ["picture"], unique=True, sqlite_where=sa.text("picture IS NOT NULL"))
    op.create_table(
        "variant",
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("photo_id", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_variant"),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name="fk_variant_photo_id"),
    )
    op.create_index("ix_variant_photo_id", "variant", ["photo_id"])

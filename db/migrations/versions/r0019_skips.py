"""What a person skipped in a review comes last in the next one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "skip",
        sa.Column("photo_id", sa.Integer, nullable=False),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("skipped_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("photo_id", "who", name="pk_skip"),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name="fk_skip_photo_id", ondelete="CASCADE"),
    )

"""Upkeep: whether people said anything of a photo that is removed is found by an index, also where it was revoked."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index("ix_decision_photo_id", "decision", ["photo_id"])

"""The tables of version 0.1.0, which every older store has; a new store is made from `db.schema`."""

from __future__ import annotations

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Do nothing: every store has these tables."""

"""The tables of version 0.1.0. A store that is older than the program has them; a new one is made from `db.schema`."""

from __future__ import annotations

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Nothing: no store is without these tables."""

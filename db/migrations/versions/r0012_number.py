"""A database has a random number, which tells its backups from those of others."""

from __future__ import annotations

import secrets

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute(f"PRAGMA user_version = {secrets.randbelow(2**31)}")

"""Runs tell moved and excluded files from gone ones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    for name in ("moved", "excluded"):
        op.add_column("run", sa.Column(name, sa.Integer, nullable=False, server_default=sa.text("0")))

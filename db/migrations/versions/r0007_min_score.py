"""A model's tags have a minimum score; the stored ones have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("model", sa.Column("min_score", sa.Float, nullable=False, server_default=sa.text("0")))

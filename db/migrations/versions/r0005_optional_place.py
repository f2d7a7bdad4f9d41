"""A landmark's country and coordinates are optional, since a person's own landmarks may have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with op.batch_alter_table("landmark") as landmark:
        landmark.alter_column("country", existing_type=sa.String, nullable=True)
        for name in ("lat", "lon"):
            landmark.alter_column(name, existing_type=sa.Float, nullable=True)

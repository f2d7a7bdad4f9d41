"""Which of a model's networks answered. Until now every model had one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("assessment", sa.Column("look", sa.String, nullable=False, server_default="full"))

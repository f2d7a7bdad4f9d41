"""The names of landmarks and of their cities by language. A run of the newest model fills them in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    for name in ("names", "cities"):
        op.add_column("landmark", sa.Column(name, sa.JSON, nullable=False, server_default=sa.text("'{}'")))

"""A file has the time at which the system last changed it, so that a replaced one is noticed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    for table in ("file", "failure"):
        op.add_column(table, sa.Column("ctime_ns", sa.Integer))

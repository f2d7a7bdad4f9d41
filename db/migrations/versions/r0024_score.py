"""An index of the scores of tags, so that those with a rare score are found at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_index(
        "ix_suggestion_score",
        "suggestion",
        ["score", "is_tag", "photo_id"],
        sqlite_where=sa.text("is_tag = 1"),
        postgresql_where=sa.text("is_tag"),
    )

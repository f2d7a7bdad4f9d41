"""The photos of a landmark in their order: PostgreSQL uses no column behind one that the index's condition fixes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.drop_index("ix_suggestion_tag", "suggestion")
    op.create_index(
        "ix_suggestion_tag",
        "suggestion",
        ["landmark_id", "photo_id", "model_id", "score", "is_tag"],
        sqlite_where=sa.text("is_tag = 1"),
        postgresql_where=sa.text("is_tag"),
    )

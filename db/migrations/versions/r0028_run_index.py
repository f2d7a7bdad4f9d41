"""The photos of a run in their order: PostgreSQL adds no key to an index, unlike SQLite in a table without row ids."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.drop_index("ix_assessment_run_id", "assessment")
    op.create_index("ix_assessment_run_id", "assessment", ["run_id", "photo_id"])

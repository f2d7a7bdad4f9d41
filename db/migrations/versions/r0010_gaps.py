"""An answer that lost a rank to an undone run ends before it, so that a run that asks for it fills it again."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"

OWN = "FROM suggestion s WHERE s.photo_id = assessment.photo_id AND s.model_id = assessment.model_id"


def upgrade() -> None:
    op.execute(f"""
        UPDATE assessment SET k = (
            SELECT min(s.rank) {OWN} AND NOT EXISTS (
                SELECT 1 FROM suggestion n
                WHERE n.photo_id = s.photo_id AND n.model_id = s.model_id AND n.rank = s.rank + 1))
        WHERE status <> 'undone' AND (SELECT max(s.rank) > count(*) {OWN})
        """)

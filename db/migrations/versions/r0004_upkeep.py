"""A tag's run is that of its assessment, the last that asked the model for more; a suggestion keeps the first one.

New indexes find all decisions on a photo, revoked ones included, and suggestions changed by a vote.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

VIEW = """
    CREATE VIEW machine_tag AS
    SELECT s.photo_id, s.landmark_id, 'machine' AS source, s.rank, s.score, s.model_id,
           (SELECT a.run_id FROM assessment a
            WHERE a.photo_id = s.photo_id AND a.model_id = s.model_id) AS run_id,
           (SELECT a.assessed_at FROM assessment a
            WHERE a.photo_id = s.photo_id AND a.model_id = s.model_id) AS tagged_at,
           s.model_id = (SELECT p.current_model_id FROM photo p WHERE p.id = s.photo_id) AS is_current,
           s.visual_score, s.reason
    FROM suggestion s
    WHERE s.is_tag = 1 AND NOT EXISTS (
        SELECT 1 FROM decision d
        WHERE d.photo_id = s.photo_id AND d.revoked_at IS NULL
          AND (d.verdict <> 'not' OR d.landmark_id = s.landmark_id))
    """


def upgrade() -> None:
    op.execute("DROP VIEW machine_tag")
    op.execute(VIEW)
    op.create_index("ix_decision_photo_id", "decision", ["photo_id"])
    by_vote = sa.text("""reason LIKE '{"kind": "vote"%'""")
    op.create_index("ix_suggestion_vote", "suggestion", ["photo_id"], sqlite_where=by_vote)

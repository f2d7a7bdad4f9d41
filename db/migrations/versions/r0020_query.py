"""The tags that people rejected, who decided, and an index of positions, for the query language."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

MACHINE_COLUMNS = """
    s.photo_id, s.landmark_id, 'machine' AS source, s.rank, s.score, s.model_id,
    (SELECT a.run_id FROM assessment a WHERE a.photo_id = s.photo_id AND a.model_id = s.model_id) AS run_id,
    (SELECT a.assessed_at FROM assessment a WHERE a.photo_id = s.photo_id AND a.model_id = s.model_id) AS tagged_at,
    s.model_id = (SELECT p.current_model_id FROM photo p WHERE p.id = s.photo_id) AS is_current,
    s.visual_score, s.reason
    """
OVERRULING = """
    SELECT 1 FROM trusted_decision d
    WHERE d.photo_id = s.photo_id AND (d.verdict <> 'not' OR d.landmark_id = s.landmark_id)
    """
VIEWS = {
    "trusted_decision": """
        SELECT d.id, d.photo_id, d.verdict, d.landmark_id, d.decided_at, d.who
        FROM decision d
        WHERE d.revoked_at IS NULL AND d.is_trusted = 1 AND NOT EXISTS (
            SELECT 1 FROM decision l
            WHERE l.photo_id = d.photo_id AND (l.decided_at, l.id) > (d.decided_at, d.id)
              AND l.revoked_at IS NULL AND l.is_trusted = 1
              AND (l.source = 'telegram' OR l.landmark_id = d.landmark_id
                   OR (d.verdict <> 'not' AND l.verdict <> 'not' AND 'none' IN (d.verdict, l.verdict))))
        """,
    "machine_tag": f"""
        SELECT {MACHINE_COLUMNS}
        FROM suggestion s
        WHERE s.is_tag = 1 AND NOT EXISTS ({OVERRULING})
        """,
    "rejected_tag": f"""
        SELECT {MACHINE_COLUMNS}
        FROM suggestion s
        WHERE s.is_tag = 1 AND EXISTS ({OVERRULING}) AND NOT EXISTS (
            SELECT 1 FROM trusted_decision d
            WHERE d.photo_id = s.photo_id AND d.verdict = 'shows' AND d.landmark_id = s.landmark_id)
        """,
}


def upgrade() -> None:
    for name in ("machine_tag", "trusted_decision"):
        op.execute(f"DROP VIEW {name}")
    for name, rows in VIEWS.items():
        op.execute(f"CREATE VIEW {name} AS {rows}")
    op.create_index("ix_photo_position", "photo", ["lat", "lon"], sqlite_where=sa.text("lat IS NOT NULL"))

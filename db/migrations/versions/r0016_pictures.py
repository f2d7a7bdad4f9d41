"""A photo has the hash of its picture, and may have other bytes with the same picture.

The last word is the latest decision, not the one that was stored last: decisions may be imported.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

TRUSTED_DECISION = """
    CREATE VIEW trusted_decision AS
    SELECT d.id, d.photo_id, d.verdict, d.landmark_id, d.decided_at
    FROM decision d
    WHERE d.revoked_at IS NULL AND d.is_trusted = 1 AND NOT EXISTS (
        SELECT 1 FROM decision l
        WHERE l.photo_id = d.photo_id AND (l.decided_at, l.id) > (d.decided_at, d.id)
          AND l.revoked_at IS NULL AND l.is_trusted = 1
          AND (l.source = 'telegram' OR l.landmark_id = d.landmark_id
               OR (d.verdict <> 'not' AND l.verdict <> 'not' AND 'none' IN (d.verdict, l.verdict))))
    """


def upgrade() -> None:
    op.execute("DROP VIEW trusted_decision")
    op.execute(TRUSTED_DECISION)
    op.add_column("photo", sa.Column("picture", sa.String))
    op.add_column("photo", sa.Column("metadata_mtime_ns", sa.Integer))
    op.create_index("ix_photo_picture", "photo", ["picture"], unique=True, sqlite_where=sa.text("picture IS NOT NULL"))
    op.create_table(
        "variant",
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("photo_id", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_variant"),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name="fk_variant_photo_id"),
    )
    op.create_index("ix_variant_photo_id", "variant", ["photo_id"])

"""What was written into XMP sidecars, and what is still to be written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "sidecar",
        sa.Column("path", sa.LargeBinary, nullable=False),
        sa.Column("photo_path", sa.LargeBinary, nullable=False),
        sa.Column("landmarks", sa.JSON, nullable=False),
        sa.Column("added", sa.JSON, nullable=False),
        sa.Column("fingerprint", sa.String),
        sa.Column("with_gps", sa.Boolean, nullable=False),
        sa.Column("written_at", sa.DateTime),
        sa.Column("sha256", sa.String),
        sa.Column("before", sa.LargeBinary),
        sa.Column("next_sha256", sa.String),
        sa.Column("next_before", sa.LargeBinary),
        sa.PrimaryKeyConstraint("path", name="pk_sidecar"),
    )
    op.create_index("ix_sidecar_photo_path", "sidecar", ["photo_path"])
    op.create_index("ix_sidecar_sha256", "sidecar", ["sha256"])
    op.create_table(
        "sidecar_request",
        sa.Column("photo_path", sa.LargeBinary, nullable=False),
        sa.Column("landmarks", sa.JSON, nullable=False),
        sa.Column("naming", sa.String, nullable=False),
        sa.Column("with_gps", sa.Boolean, nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("photo_path", name="pk_sidecar_request"),
    )

"""A number for each block of embeddings, which changes with them, so that copies outside the database can follow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

BLOCK = 4096


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "embedding_block",
        sa.Column("model_id", number, nullable=False),
        sa.Column("block", number, nullable=False),
        sa.Column("version", number, nullable=False),
        sa.PrimaryKeyConstraint("model_id", "block", name="pk_embedding_block"),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name="fk_embedding_block_model_id"),
    )
    op.execute(
        "INSERT INTO embedding_block (model_id, block, version) "
        f"SELECT DISTINCT model_id, photo_id / {BLOCK}, 0 FROM embedding"
    )

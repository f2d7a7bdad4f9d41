"""Embeddings of photos, and places that people taught."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "embedding",
        sa.Column("photo_id", NUMBER, nullable=False),
        sa.Column("model_id", NUMBER, nullable=False),
        sa.Column("look", TEXT, nullable=False),
        sa.Column("taught_share", sa.Float, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("photo_id", "model_id", name="pk_embedding"),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name="fk_embedding_photo_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name="fk_embedding_model_id"),
    )
    op.create_table(
        "taught_place",
        sa.Column("landmark_id", NUMBER, nullable=False),
        sa.Column("taught_at", sa.DateTime, nullable=False),
        sa.Column("radius_km", sa.Float, nullable=True),
        sa.PrimaryKeyConstraint("landmark_id", name="pk_taught_place"),
        sa.ForeignKeyConstraint(["landmark_id"], ["landmark.id"], name="fk_taught_place_landmark_id"),
    )
    of_place = (["landmark_id"], ["taught_place.landmark_id"])
    op.create_table(
        "taught_example",
        sa.Column("landmark_id", NUMBER, nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("model_id", NUMBER, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("landmark_id", "sha256", "model_id", name="pk_taught_example"),
        sa.ForeignKeyConstraint(*of_place, name="fk_taught_example_landmark_id"),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name="fk_taught_example_model_id"),
    )
    op.create_table(
        "taught_threshold",
        sa.Column("landmark_id", NUMBER, nullable=False),
        sa.Column("model_id", NUMBER, nullable=False),
        sa.Column("threshold", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("landmark_id", "model_id", name="pk_taught_threshold"),
        sa.ForeignKeyConstraint(*of_place, name="fk_taught_threshold_landmark_id"),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name="fk_taught_threshold_model_id"),
    )
    op.create_table(
        "teaching",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_teaching"),
    )
    op.create_table(
        "rescored",
        sa.Column("model_id", NUMBER, nullable=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("photo_id", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("model_id", name="pk_rescored"),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name="fk_rescored_model_id"),
    )

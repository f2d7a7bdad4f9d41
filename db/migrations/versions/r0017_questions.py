"""A question for a landmark's name belongs to a person and ends; a group that became a supergroup is remembered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "telegram_question",
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("chat_id", "message_id", "user_id", "answer_id")),
        sa.Column("asked_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("chat_id", "message_id", name="pk_telegram_question"),
        sa.ForeignKeyConstraint(["answer_id"], ["telegram_answer.id"], name="fk_telegram_question_answer_id"),
    )
    op.create_index("ix_telegram_question_answer_id", "telegram_question", ["answer_id"])
    op.add_column("telegram_chat", sa.Column("migrated_to", sa.Integer))

"""The Telegram bot: its inbox, its answers, and messages as places of photos."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _create_update()
    op.create_table("telegram_chat", _key("chat_id"), _integer("last_message_id"))
    op.create_index("ix_telegram_chat_last_message_id", "telegram_chat", ["last_message_id"])
    op.create_table(
        "telegram_person",
        _key("user_id"),
        _text("language", nullable=True),
        _text("day", nullable=True),
        _integer("photos"),
    )
    _create_answer()
    _create_photo()


def _key(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, primary_key=True)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=nullable)


def _integer(name: str, *constraints: sa.ForeignKey, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, *constraints, nullable=nullable)


def _create_update() -> None:
    op.create_table(
        "telegram_update",
        _key("update_id"),
        _integer("chat_id", nullable=True),
        _integer("user_id", nullable=True),
        _text("state"),
        sa.Column("content", sa.JSON, nullable=True),
        sa.Column("reply", sa.JSON, nullable=True),
        sa.Column("received_at", sa.DateTime, nullable=False),
        sa.CheckConstraint("state IN ('pending', 'sending', 'answered')", name="state"),
    )
    still_open = sa.text("state <> 'answered'")
    op.create_index("ix_telegram_update_open", "telegram_update", ["update_id"], sqlite_where=still_open)


def _create_answer() -> None:
    op.create_table(
        "telegram_answer",
        _key("id"),
        _integer("chat_id"),
        _integer("user_id"),
        _integer("message_id", nullable=True),
        _integer("asked_message_id", nullable=True),
        _text("album", nullable=True),
        sa.Column("shown", sa.JSON, nullable=False),
    )
    op.create_index("ix_telegram_answer_user_id", "telegram_answer", ["user_id"])
    op.create_index("ix_telegram_answer_chat_id_album", "telegram_answer", ["chat_id", "album"])


def _create_photo() -> None:
    op.create_table(
        "telegram_photo",
        _key("id"),
        _integer("photo_id", sa.ForeignKey("photo.id")),
        _integer("answer_id", sa.ForeignKey("telegram_answer.id")),
        *(_integer(name) for name in ("chat_id", "message_id", "user_id")),
        _text("file_unique_id", nullable=True),
        _integer("landmark_id", sa.ForeignKey("landmark.id"), nullable=True),
        sa.Column("score", sa.Float, nullable=True),
        sa.Column("received_at", sa.DateTime, nullable=False),
    )
    for column in ("photo_id", "answer_id", "user_id", "file_unique_id"):
        op.create_index(f"ix_telegram_photo_{column}", "telegram_photo", [column])

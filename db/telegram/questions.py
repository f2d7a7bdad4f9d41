"""The bot's open questions for a landmark's name.

The one rule: a person has at most one open question in a chat, and it ends with their next message there.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from db.dialect import execute
from db.schema.telegram import TelegramAnswer, TelegramQuestion

# Built once, since each answer to a message closes its sender's question.
CLOSE = delete(TelegramQuestion).where(
    TelegramQuestion.chat_id == bindparam("chat"), TelegramQuestion.user_id == bindparam("user")
)


def ask(connection: Connection, *, chat_id: int, message_id: int, user_id: int, answer_id: int) -> None:
    """Store that a message asks a person for the landmark of an answer, unless it was forgotten meanwhile."""
    close(connection, chat_id=chat_id, user_id=user_id)
    if connection.execute(select(TelegramAnswer.id).where(TelegramAnswer.id == answer_id)).first():
        row = {"chat_id": chat_id, "message_id": message_id, "user_id": user_id, "answer_id": answer_id}
        connection.execute(insert(TelegramQuestion), row | {"asked_at": datetime.now(UTC)})


def open_question(
    connection: Connection, *, chat_id: int, since: datetime, user_id: int | None = None, message_id: int | None = None
) -> int | None:
    """The answer whose landmark is asked for.

    Args:
        connection: any.
        chat_id: the chat of the question.
        since: an earlier question has ended.
        user_id: whoever was asked; None for anybody.
        message_id: the question; None for any.
    """
    found = select(TelegramQuestion.answer_id).where(TelegramQuestion.chat_id == chat_id)
    found = found.where(TelegramQuestion.asked_at >= since)
    if user_id is not None:
        found = found.where(TelegramQuestion.user_id == user_id)
    if message_id is not None:
        found = found.where(TelegramQuestion.message_id == message_id)
    return connection.execute(found.limit(1)).scalar()


def close(connection: Connection, *, chat_id: int, user_id: int) -> None:
    """End a person's question in a chat, if there is one."""
    execute(connection, CLOSE, {"chat": chat_id, "user": user_id})


def drop(connection: Connection, before: datetime) -> None:
    """Delete the questions that were asked before a moment."""
    connection.execute(delete(TelegramQuestion).where(TelegramQuestion.asked_at < before))

"""The tables of the Telegram bot: updates, answers, and the photos that people sent.

The one rule: a person's rows have only what an answer needs. An update's content is blanked once it is answered, and
`db.telegram.privacy` finds all rows of a person by `user_id` (a private chat has its person's number).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.dialect import partial
from db.schema.models import Base as Base


class TelegramUpdate(Base):
    """An update. Its row is stored before it is acknowledged to Telegram, and identifies duplicates."""

    __tablename__ = "telegram_update"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'sending', 'answered')", name="state"),
        Index("ix_telegram_update_open", "update_id", **partial("state <> 'answered'")),
    )

    update_id: Mapped[int] = mapped_column(primary_key=True)
    chat_id: Mapped[int | None]
    user_id: Mapped[int | None]
    state: Mapped[str]
    content: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # None once answered
    reply: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # only under "sending"
    received_at: Mapped[datetime]
    message_id: Mapped[int | None]  # of the message in it, or of the one that a button belongs to
    reply_message_id: Mapped[int | None]  # of the bot's message that answers it


class TelegramChat(Base):
    """The highest message number recorded in a chat; a sent but unrecorded message has a higher one."""

    __tablename__ = "telegram_chat"

    chat_id: Mapped[int] = mapped_column(primary_key=True)
    last_message_id: Mapped[int] = mapped_column(index=True)  # each answer asks for the highest of all
    migrated_to: Mapped[int | None]  # the supergroup that this group became


class TelegramPerson(Base):
    """A person's language, and their photos of a day if there is a limit."""

    __tablename__ = "telegram_person"

    user_id: Mapped[int] = mapped_column(primary_key=True)
    language: Mapped[str | None]
    day: Mapped[str | None]
    photos: Mapped[int] = mapped_column(default=0)  # on that day


class TelegramAnswer(Base):
    """One answer, to a photo or an album; its message can be edited later."""

    __tablename__ = "telegram_answer"
    __table_args__ = (
        Index(None, "chat_id", "album"),
        {"sqlite_autoincrement": True},  # buttons of old messages and decisions refer to it
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    chat_id: Mapped[int]
    user_id: Mapped[int] = mapped_column(index=True)
    message_id: Mapped[int | None]  # None until it was sent; negative if it was sent before the group migrated
    asked_message_id: Mapped[int | None]  # written by earlier versions; see `TelegramQuestion`
    album: Mapped[str | None]
    shown: Mapped[dict[str, Any]]  # its content, so that an edit can repeat it


class TelegramQuestion(Base):
    """A message that asks a person for the landmark of an answer; the row goes when the question ends."""

    __tablename__ = "telegram_question"

    chat_id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    answer_id: Mapped[int] = mapped_column(ForeignKey("telegram_answer.id"), index=True)
    asked_at: Mapped[datetime]


class TelegramPhoto(Base):
    """A message with a photo, and what the bot answered."""

    __tablename__ = "telegram_photo"

    id: Mapped[int] = mapped_column(primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id"), index=True)
    answer_id: Mapped[int] = mapped_column(ForeignKey("telegram_answer.id"), index=True)
    chat_id: Mapped[int]
    message_id: Mapped[int]
    user_id: Mapped[int] = mapped_column(index=True)
    file_unique_id: Mapped[str | None] = mapped_column(index=True)  # of a photo; None for a file
    landmark_id: Mapped[int | None] = mapped_column(ForeignKey("landmark.id"))
    score: Mapped[float | None]
    received_at: Mapped[datetime]

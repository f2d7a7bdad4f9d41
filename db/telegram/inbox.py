"""The Telegram bot's inbox: received updates and the state of their answers.

The one rule: a row goes from "pending" to "sending" to "answered", and each step is committed before the next one is
visible outside. So only for a row in "sending" is it unknown whether its message exists.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from db.dialect import execute, greatest, insert
from db.schema.telegram import TelegramChat, TelegramUpdate

# Built once: a statement takes as long to build as to run, and these run several times for each photo.
_CHAT = insert(TelegramChat)
UPSERT_CHAT = _CHAT.on_conflict_do_update(
    index_elements=["chat_id"],
    set_={"last_message_id": greatest(TelegramChat.last_message_id, _CHAT.excluded.last_message_id)},
)
INSERT_UPDATE = insert(TelegramUpdate).on_conflict_do_nothing().returning(TelegramUpdate.update_id)
SET_SENDING = (
    update(TelegramUpdate)
    .where(TelegramUpdate.update_id == bindparam("number"))
    .values(state="sending", reply=bindparam("message", type_=TelegramUpdate.reply.type))
)
SET_ANSWERED = (
    update(TelegramUpdate)
    .where(TelegramUpdate.update_id == bindparam("number"))
    .values(state="answered", reply=None, content=None, reply_message_id=bindparam("reply_id"))
)
# Private chats and small groups share one sequence of message numbers, the bot's own; each supergroup and channel has
# its own sequence. The numbers of those chats are at most this.
FIRST_SUPERGROUP = -1_000_000_000_000
_OF_CHAT = select(TelegramChat.last_message_id).where(TelegramChat.chat_id == bindparam("chat"))
_SHARED = (
    select(TelegramChat.last_message_id)
    .where(TelegramChat.chat_id > FIRST_SUPERGROUP)
    .order_by(TelegramChat.last_message_id.desc())
    .limit(1)
)
_OF_ALL = select(TelegramChat.last_message_id).order_by(TelegramChat.last_message_id.desc()).limit(1)
LAST_MESSAGE_IDS = select(_OF_CHAT.scalar_subquery(), _SHARED.scalar_subquery())
LAST_MESSAGE_IDS_OF_ALL = select(_OF_CHAT.scalar_subquery(), _OF_ALL.scalar_subquery())


@dataclass(frozen=True, slots=True)
class ReceivedUpdate:
    """The part of an update that an answer needs."""

    update_id: int
    chat_id: int | None
    user_id: int | None
    message_id: int | None  # of the message in it, or of the one that a button belongs to
    content: dict[str, Any]  # the update as JSON
    reply: dict[str, Any] | None = None  # what was being sent when the process ended
    migration: tuple[int, int] | None = None  # it says that a group has a new number: the old and the new one


@dataclass(frozen=True, slots=True)
class LastMessageIds:
    """The highest message numbers seen: in a chat, and in all chats that may share its sequence."""

    chat: int
    shared: int


def receive(connection: Connection, updates: Sequence[ReceivedUpdate]) -> set[int]:
    """Store updates.

    Returns:
        The numbers of those that were not stored before; the others are duplicates.
    """
    if not updates:
        return set()
    now = datetime.now(UTC)
    kept = set(connection.execute(INSERT_UPDATE, [_row(received, now) for received in updates]).scalars())
    seen = [
        {"chat_id": received.chat_id, "last_message_id": received.message_id}
        for received in updates
        if received.chat_id is not None and received.message_id is not None
    ]
    if seen:
        execute(connection, UPSERT_CHAT, seen)
    return kept


def open_updates(connection: Connection) -> list[ReceivedUpdate]:
    """The updates that are not answered yet, in order."""
    unanswered = select(TelegramUpdate).where(TelegramUpdate.state != "answered").order_by(TelegramUpdate.update_id)
    columns = unanswered.with_only_columns(*TelegramUpdate.__table__.columns)
    return [
        ReceivedUpdate(row.update_id, row.chat_id, row.user_id, row.message_id, row.content or {}, row.reply)
        for row in connection.execute(columns)
    ]


def recent_numbers(connection: Connection, limit: int) -> list[tuple[int, int]]:
    """Chats and numbers of messages, people's and the bot's, from the newest updates, oldest first."""
    newest = select(TelegramUpdate.chat_id, TelegramUpdate.message_id, TelegramUpdate.reply_message_id)
    newest = newest.where(TelegramUpdate.chat_id.is_not(None)).order_by(TelegramUpdate.update_id.desc()).limit(limit)
    rows = reversed(connection.execute(newest).all())
    return [(chat or 0, number) for chat, *numbers in rows for number in numbers if number is not None]


def start_sending(connection: Connection, update_id: int, reply: dict[str, Any]) -> None:
    """Store a reply before it is sent: from now on its message may exist."""
    execute(connection, SET_SENDING, {"number": update_id, "message": reply})


def finish(connection: Connection, update_ids: Collection[int], reply_message_id: int | None = None) -> None:
    """Mark updates as answered, and blank their content.

    Args:
        update_ids: the updates.
        reply_message_id: the number of the message that answers them, if there is one and its number is known.
    """
    if update_ids:
        execute(connection, SET_ANSWERED, [{"number": number, "reply_id": reply_message_id} for number in update_ids])


def drop(connection: Connection, update_id: int) -> None:
    """Delete an update, including its sender."""
    connection.execute(delete(TelegramUpdate).where(TelegramUpdate.update_id == update_id))


def drop_answered(connection: Connection, before: datetime) -> None:
    """Delete answered updates. Telegram repeats an update for a day at most, so older ones are not needed."""
    answered = (TelegramUpdate.state == "answered", TelegramUpdate.received_at < before)
    connection.execute(delete(TelegramUpdate).where(*answered))


def saw_message(connection: Connection, chat_id: int, message_id: int) -> None:
    """Store that a chat has a message with this number."""
    execute(connection, UPSERT_CHAT, {"chat_id": chat_id, "last_message_id": message_id})


def shares_numbers(chat_id: int) -> bool:
    """Whether a chat takes its message numbers from the bot's own sequence, at Telegram."""
    return chat_id > FIRST_SUPERGROUP


def last_message_ids(connection: Connection, chat_id: int) -> LastMessageIds:
    """The highest message numbers seen; 0 if there are none."""
    statement = LAST_MESSAGE_IDS if shares_numbers(chat_id) else LAST_MESSAGE_IDS_OF_ALL
    chat, shared = execute(connection, statement, {"chat": chat_id}).one()
    return LastMessageIds(chat or 0, shared or 0)


def _row(received: ReceivedUpdate, now: datetime) -> dict[str, Any]:
    return {
        "update_id": received.update_id,
        "chat_id": received.chat_id,
        "user_id": received.user_id,
        "state": "pending",
        "content": received.content,
        "received_at": now,
        "message_id": received.message_id,
    }

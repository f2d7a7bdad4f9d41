"""The Telegram bot's inbox: what was received, what is being sent, what was answered.

The one rule: a row goes from "pending" over "sending" to "answered", and a step is committed before the world sees the
next one. So a row that is found in "sending" is the only kind whose message may or may not exist.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from db.schema.telegram import TelegramChat, TelegramUpdate

# Made once: a statement takes as long to build as to run, and these run several times for each photo.
_SEEN = insert(TelegramChat)
HEARD = _SEEN.on_conflict_do_update(
    index_elements=["chat_id"],
    set_={"last_message_id": func.max(TelegramChat.last_message_id, _SEEN.excluded.last_message_id)},
)
RECEIVED = insert(TelegramUpdate).on_conflict_do_nothing().returning(TelegramUpdate.update_id)
SENDING = (
    update(TelegramUpdate)
    .where(TelegramUpdate.update_id == bindparam("number"))
    .values(state="sending", reply=bindparam("letter", type_=TelegramUpdate.reply.type))
)
FINISHED = (
    update(TelegramUpdate)
    .where(TelegramUpdate.update_id == bindparam("number"))
    .values(state="answered", reply=None, content=None)
)
# Private chats and small groups share one row of message numbers, which is the bot's own; each supergroup and channel
# has one of its own, and their chats' numbers begin here.
FIRST_SUPERGROUP = -1_000_000_000_000
_OF_CHAT = select(TelegramChat.last_message_id).where(TelegramChat.chat_id == bindparam("chat"))
_SHARED = (
    select(TelegramChat.last_message_id)
    .where(TelegramChat.chat_id > FIRST_SUPERGROUP)
    .order_by(TelegramChat.last_message_id.desc())
    .limit(1)
)
HEIGHTS = select(_OF_CHAT.scalar_subquery(), _SHARED.scalar_subquery())


@dataclass(frozen=True, slots=True)
class Received:
    """One update.

    Args:
        message_id: of the message in it, or of the one that a button belongs to.
        content: the update as JSON, as far as an answer needs it.
        reply: what was being sent when the process ended.
    """

    update_id: int
    chat_id: int | None
    user_id: int | None
    message_id: int | None
    content: dict[str, Any]
    reply: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Heights:
    """The highest message numbers known: in one chat, and in all chats that share its numbers."""

    chat: int
    shared: int


def receive(connection: Connection, updates: Sequence[Received]) -> set[int]:
    """Keep updates.

    Returns:
        The numbers of those that were not there before; the others are duplicates.
    """
    if not updates:
        return set()
    now = datetime.now(UTC)
    kept = set(connection.execute(RECEIVED, [_row(received, now) for received in updates]).scalars())
    seen = [
        {"chat_id": received.chat_id, "last_message_id": received.message_id}
        for received in updates
        if received.chat_id is not None and received.message_id is not None
    ]
    if seen:
        connection.execute(HEARD, seen)
    return kept


def open_updates(connection: Connection) -> list[Received]:
    """What was received and not answered, in order."""
    still_open = select(TelegramUpdate).where(TelegramUpdate.state != "answered").order_by(TelegramUpdate.update_id)
    columns = still_open.with_only_columns(*TelegramUpdate.__table__.columns)
    return [
        Received(row.update_id, row.chat_id, row.user_id, None, row.content or {}, row.reply)
        for row in connection.execute(columns)
    ]


def start_sending(connection: Connection, update_id: int, reply: dict[str, Any]) -> None:
    """From here on the reply may exist."""
    connection.execute(SENDING, {"number": update_id, "letter": reply})


def finish(connection: Connection, update_ids: Collection[int]) -> None:
    """Answered: nothing of what was said is kept."""
    if update_ids:
        connection.execute(FINISHED, [{"number": number} for number in update_ids])


def drop(connection: Connection, update_id: int) -> None:
    """Leave no trace of an update, not even who sent it."""
    connection.execute(delete(TelegramUpdate).where(TelegramUpdate.update_id == update_id))


def drop_answered(connection: Connection, before: datetime) -> None:
    """Telegram repeats updates for a day at most; older ones need not be remembered."""
    answered = (TelegramUpdate.state == "answered", TelegramUpdate.received_at < before)
    connection.execute(delete(TelegramUpdate).where(*answered))


def heard(connection: Connection, chat_id: int, message_id: int) -> None:
    """A message with this number was seen in a chat."""
    connection.execute(HEARD, {"chat_id": chat_id, "last_message_id": message_id})


def heights(connection: Connection, chat_id: int) -> Heights:
    chat, shared = connection.execute(HEIGHTS, {"chat": chat_id}).one()
    return Heights(chat or 0, (chat if chat_id <= FIRST_SUPERGROUP else shared) or 0)


def _row(received: Received, now: datetime) -> dict[str, Any]:
    return {
        "update_id": received.update_id,
        "chat_id": received.chat_id,
        "user_id": received.user_id,
        "state": "pending",
        "content": received.content,
        "received_at": now,
    }

"""Groups that became supergroups: Telegram gives them a new number, and their rows follow."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.orm import aliased

from db.dialect import insert
from db.schema.models import Decision
from db.schema.telegram import TelegramAnswer, TelegramChat, TelegramPhoto, TelegramQuestion
from db.telegram.voices import who


def migrate(connection: Connection, old: int, new: int) -> None:
    """Store that a group has a new number, and give its answers, photos and questions that number."""
    messages = update(TelegramAnswer).where(TelegramAnswer.chat_id == old, TelegramAnswer.message_id > 0)
    connection.execute(messages.values(message_id=-TelegramAnswer.message_id))  # not numbers of the new chat
    for table in (TelegramAnswer, TelegramPhoto):
        connection.execute(update(table).where(table.chat_id == old).values(chat_id=new))
        connection.execute(update(table).where(table.user_id == old).values(user_id=new))  # its anonymous admins
    connection.execute(update(Decision).where(Decision.who == who(old)).values(who=who(new)))
    there = aliased(TelegramQuestion)
    asked = select(there.message_id).where(there.chat_id == old)
    clash = delete(TelegramQuestion).where(TelegramQuestion.chat_id == new, TelegramQuestion.message_id.in_(asked))
    connection.execute(clash)
    connection.execute(update(TelegramQuestion).where(TelegramQuestion.chat_id == old).values(chat_id=new))
    row = insert(TelegramChat).values(chat_id=old, last_message_id=0, migrated_to=new)
    connection.execute(row.on_conflict_do_update(index_elements=["chat_id"], set_={"migrated_to": new}))


def migrations(connection: Connection) -> dict[int, int]:
    """The new number of each group that became a supergroup, by its old one."""
    migrated = select(TelegramChat.chat_id, TelegramChat.migrated_to).where(TelegramChat.migrated_to.is_not(None))
    return {row.chat_id: row.migrated_to for row in connection.execute(migrated)}

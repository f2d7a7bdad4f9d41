"""Groups that became supergroups: Telegram gives such a group a new number, and refuses to send to the old one."""

from __future__ import annotations

from db.telegram import chats
from tagger.bot.db_executor import DbExecutor


class Migrations:
    """The new numbers of groups. They are also in the store, where the rows of a group follow it."""

    def __init__(self, db: DbExecutor) -> None:
        self._db = db
        self._new: dict[int, int] = {}

    async def load(self) -> None:
        self._new = await self._db.read(chats.migrations)

    async def add(self, old: int, new: int) -> None:
        if self._new.get(old) != new:
            self._new[old] = new
            await self._db.write(lambda connection: chats.migrate(connection, old, new))

    def current(self, chat_id: int) -> int:
        """The number that a chat has now."""
        return self._new.get(chat_id, chat_id)

    def numbers(self, chat_id: int) -> set[int]:
        """All numbers that a chat has and had."""
        current = self.current(chat_id)
        return {current, *(old for old, new in self._new.items() if new == current)}

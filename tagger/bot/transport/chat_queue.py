"""The order of answers within a chat.

The one rule: a chat's updates are processed concurrently and answered in the order in which they arrived.
"""

from __future__ import annotations

import asyncio


class ChatQueue:
    """One queue per chat. An update joins it when it is received, and leaves it when it has been handled."""

    def __init__(self) -> None:
        self._queues: dict[int, dict[int, asyncio.Event]] = {}  # by chat: its updates, in order of arrival
        self._chats: dict[int, int] = {}  # by update

    def __len__(self) -> int:
        return len(self._chats)

    def join(self, update_id: int, chat_id: int) -> None:
        queue = self._queues.setdefault(chat_id, {})
        queue[update_id] = asyncio.Event()
        self._chats[update_id] = chat_id
        _wake_first(queue)

    async def wait_turn(self, update_id: int) -> None:
        """Wait until every earlier update of the same chat has been handled."""
        if (chat_id := self._chats.get(update_id)) is not None:
            await self._queues[chat_id][update_id].wait()

    def leave(self, update_id: int) -> None:
        if (chat_id := self._chats.pop(update_id, None)) is None:
            return
        queue = self._queues[chat_id]
        del queue[update_id]
        if queue:
            _wake_first(queue)
        else:
            del self._queues[chat_id]


def _wake_first(queue: dict[int, asyncio.Event]) -> None:
    next(iter(queue.values())).set()

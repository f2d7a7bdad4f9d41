"""Whose turn it is in a chat.

The one rule: updates of a chat are worked on at the same time, and answered in the order in which they came.
"""

from __future__ import annotations

import asyncio


class ChatQueue:
    """A queue for each chat. An update takes its place when it is received and leaves it when it is done."""

    def __init__(self) -> None:
        self._queues: dict[int, list[int]] = {}
        self._events: dict[int, asyncio.Event] = {}
        self._chats: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._chats)

    def take(self, update_id: int, chat_id: int) -> None:
        line = self._queues.setdefault(chat_id, [])
        line.append(update_id)
        self._chats[update_id] = chat_id
        self._events[update_id] = asyncio.Event()
        self._call(line)

    async def wait(self, update_id: int) -> None:
        """Until everything that came earlier in this chat is done."""
        if event := self._events.get(update_id):
            await event.wait()

    def done(self, update_id: int) -> None:
        chat_id = self._chats.pop(update_id, None)
        if chat_id is None:
            return
        del self._events[update_id]
        line = self._queues[chat_id]
        line.remove(update_id)
        if line:
            self._call(line)
        else:
            del self._queues[chat_id]

    def _call(self, line: list[int]) -> None:
        self._events[line[0]].set()

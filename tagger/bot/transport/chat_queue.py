"""Who is served next: in the order of arrival within a chat, and in turns between chats.

`ChatQueue` keeps a chat's answers in order. `FairSlots` shares scarce places between chats, so that a flood in one chat
delays only that chat.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class ChatQueue:
    """One queue per chat: its updates are processed concurrently and answered in the order in which they arrived.

    An update joins when it is dispatched, and leaves when it has been handled.
    """

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


class FairSlots:
    """Places that go round robin between the chats that wait for one.

    A chat may hold half as many places as are free, so chats that hold theirs for a long time leave some to others.

    Args:
        total: the places.
        per_chat: the most for one chat.
    """

    def __init__(self, total: int, per_chat: int) -> None:
        self._free = total
        self._per_chat = per_chat
        self._taken: Counter[int] = Counter()
        self._waiting: OrderedDict[int, deque[Callable[[], None]]] = OrderedDict()
        self.waiting_count = 0

    def request(self, chat_id: int, start: Callable[[], None]) -> None:
        """Call `start` as soon as the chat has a place, in the order of requests; `release` gives the place back."""
        self._waiting.setdefault(chat_id, deque()).append(start)
        self.waiting_count += 1
        self._grant()

    def release(self, chat_id: int) -> None:
        self._free += 1
        self._taken[chat_id] -= 1
        if not self._taken[chat_id]:
            del self._taken[chat_id]
        self._grant()

    def clear(self) -> None:
        """Drop all requests that wait."""
        self._waiting.clear()
        self.waiting_count = 0

    @asynccontextmanager
    async def slot(self, chat_id: int) -> AsyncIterator[None]:
        """Hold a place while the context lasts."""
        await self.acquire(chat_id)
        try:
            yield
        finally:
            self.release(chat_id)

    async def acquire(self, chat_id: int) -> None:
        """Wait for a place; `release` gives it back."""
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.request(chat_id, lambda: self.release(chat_id) if granted.cancelled() else granted.set_result(None))
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self.release(chat_id)
            raise

    def _grant(self) -> None:
        """Give each waiting chat one place per round, until no chat may have another."""
        is_granted = True
        while is_granted and self._free:
            is_granted = False
            for chat_id in list(self._waiting):
                if not self._free:  # usual when many wait
                    return
                is_granted |= self._grant_one(chat_id)

    def _grant_one(self, chat_id: int) -> bool:
        queue = self._waiting.get(chat_id)
        most = min(self._per_chat, max(1, self._free // 2))
        if not queue or not self._free or self._taken[chat_id] >= most:
            return False
        self._free -= 1
        self._taken[chat_id] += 1
        self._waiting.move_to_end(chat_id)
        start = queue.popleft()
        self.waiting_count -= 1
        if not queue:
            del self._waiting[chat_id]
        start()
        return True

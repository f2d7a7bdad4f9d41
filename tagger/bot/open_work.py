"""The work in progress for each person, so that /forget can stop it.

The one rule: what a person sent before they asked to be forgotten is not answered afterwards, and leaves no trace. Its
tasks are cancelled, and before a task ends it deletes the photo that it tagged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent an update, and its number."""

    user_id: int
    update_id: int


class OpenWork:
    """The tasks in progress."""

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[object], Sender] = {}
        self._forgotten: dict[int, int] = {}  # by person: the last update with which they asked for that

    @contextmanager
    def of(self, sender: Sender) -> Iterator[None]:
        """While the context lasts, the current task works for somebody."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks[task] = sender
        try:
            yield
        finally:
            del self._tasks[task]

    def is_forgotten(self, sender: Sender) -> bool:
        """Whether somebody has asked to be forgotten since they sent an update."""
        return sender.update_id < self._forgotten.get(sender.user_id, 0)

    async def stop(self, asked: Sender) -> None:
        """Cancel all work on earlier updates of a person, and wait until it has ended.

        Args:
            asked: the update with which they ask to be forgotten.
        """
        self._forgotten[asked.user_id] = asked.update_id
        tasks = [task for task, sender in self._tasks.items() if self.is_forgotten(sender)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

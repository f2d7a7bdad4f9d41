"""The one thread that talks to the database, so that the event loop never waits for a disk.

The one rule: what is asked for at the same time is written in one transaction, in the order in which it was asked.
A store that cannot be used at the moment (locked, full disk) is waited for.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from db.errors import StoreError
from db.session import Store
from db.together import Outcome, write_together

if TYPE_CHECKING:
    from sqlalchemy import Connection

log = logging.getLogger(__name__)

T = TypeVar("T")
MOST = 64  # pieces of work in one transaction
AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class _Task:
    work: Callable[[Any], Any]
    is_write: bool
    done: Future[Any] = field(default_factory=Future)


class Desk:
    """Work for the database, from the event loop; `close` waits for what was asked before."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="database", daemon=True)
        self._thread.start()

    async def read(self, work: Callable[[Connection], T]) -> T:
        found: T = await self._ask(_Task(work, is_write=False))
        return found

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Args:
        work: may be called again after an attempt that the store undid.
        """
        written: T = await self._ask(_Task(work, is_write=True))
        return written

    def close(self) -> None:
        self._closing.set()
        self._tasks.put(None)
        self._thread.join()

    async def _ask(self, task: _Task) -> Any:
        self._tasks.put(task)
        return await asyncio.wrap_future(task.done)

    def _work(self) -> None:
        while (first := self._tasks.get()) is not None:
            waiting = [first, *self._more()]
            for is_write, some in groupby(waiting, key=lambda task: task.is_write):
                self._do(list(some), is_write)

    def _more(self) -> list[_Task]:
        found: list[_Task] = []
        while len(found) < MOST and not self._tasks.empty():
            if (task := self._tasks.get()) is None:
                self._tasks.put(None)  # the end, for the outer loop
                break
            found.append(task)
        return found

    def _do(self, tasks: list[_Task], is_write: bool) -> None:
        while True:
            try:
                outcomes = self._written(tasks) if is_write else self._read(tasks)
                break
            except StoreError as error:
                log.error("%s The bot tries again.", error)
                if self._closing.wait(AGAIN_S):
                    outcomes = [Outcome(error=error)] * len(tasks)
                    break
        for task, outcome in zip(tasks, outcomes, strict=True):
            _settle(task.done, outcome)

    def _written(self, tasks: list[_Task]) -> list[Outcome]:
        return write_together(self._store, [task.work for task in tasks])

    def _read(self, tasks: list[_Task]) -> list[Outcome]:
        with self._store.read() as connection:
            return [_outcome(task.work, connection) for task in tasks]


def _outcome(work: Callable[[Any], Any], connection: Connection) -> Outcome:
    try:
        return Outcome(work(connection))
    except Exception as error:  # it belongs to whoever asked
        return Outcome(error=error)


def _settle(done: Future[Any], outcome: Outcome) -> None:
    if not done.set_running_or_notify_cancel():
        return
    if outcome.error is not None:
        done.set_exception(outcome.error)
    else:
        done.set_result(outcome.value)

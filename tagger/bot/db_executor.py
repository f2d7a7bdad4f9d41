"""The one thread that talks to the database, so that the event loop never waits for a disk.

The one rule: what is asked for at the same time is written in one transaction, in the order in which it was asked.
A store that cannot be used at the moment (locked, full disk) is waited for.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from db.engine import Store
from db.group_commit import Outcome, commit_group
from tagger.core.errors import StoreError

if TYPE_CHECKING:
    from db.engine import Connection

log = logging.getLogger(__name__)

T = TypeVar("T")
MOST = 64  # pieces of work in one transaction
AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class _Task:
    """Args:
    done: none where nobody waits.
    """

    work: Callable[[Any], Any]
    is_write: bool
    done: asyncio.Future[Any] | None = None


class DbExecutor:
    """Work for the database, from the event loop; `close` waits for what was asked before."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._loop = asyncio.get_running_loop()
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="database", daemon=True)
        self._thread.start()

    async def read(self, work: Callable[[Connection], T]) -> T:
        found: T = await self._ask(work, is_write=False)
        return found

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Args:
        work: may be called again after an attempt that the store undid.
        """
        written: T = await self._ask(work, is_write=True)
        return written

    def post(self, work: Callable[[Connection], None]) -> None:
        """Write before everything that is asked for later, from any thread; a failure is logged, nobody waits."""
        self._tasks.put(_Task(work, is_write=True))

    def close(self) -> None:
        self._closing.set()
        self._tasks.put(None)
        self._thread.join()

    async def _ask(self, work: Callable[[Any], Any], *, is_write: bool) -> Any:
        done = self._loop.create_future()
        self._tasks.put(_Task(work, is_write, done))
        return await done

    def _work(self) -> None:
        while (first := self._tasks.get()) is not None:
            tasks = [first, *self._more()]
            outcomes = self._do(tasks)
            # All at once: each call wakes the loop.
            self._loop.call_soon_threadsafe(_settle, tasks, outcomes)

    def _more(self) -> list[_Task]:
        found: list[_Task] = []
        while len(found) < MOST and not self._tasks.empty():
            if (task := self._tasks.get()) is None:
                self._tasks.put(None)  # the end, for the outer loop
                break
            found.append(task)
        return found

    def _do(self, tasks: list[_Task]) -> list[Outcome]:
        while True:
            try:
                return self._done(tasks)
            except StoreError as error:
                log.error("%s The bot tries again.", error)
                if self._closing.wait(AGAIN_S):
                    return [Outcome(error=error)] * len(tasks)

    def _done(self, tasks: list[_Task]) -> list[Outcome]:
        """What is read between writes is read in their transaction, so that it does not split it."""
        if any(task.is_write for task in tasks):
            return commit_group(self._store, [task.work for task in tasks])
        with self._store.read() as connection:
            return [_outcome(task.work, connection) for task in tasks]


def _outcome(work: Callable[[Any], Any], connection: Connection) -> Outcome:
    try:
        return Outcome(work(connection))
    except Exception as error:  # it belongs to whoever asked
        return Outcome(error=error)


def _settle(tasks: Sequence[_Task], outcomes: Sequence[Outcome]) -> None:
    for task, outcome in zip(tasks, outcomes, strict=True):
        if task.done is None:
            if outcome.error is not None:
                log.error("Something could not be stored", exc_info=outcome.error)
        elif task.done.cancelled():
            continue
        elif outcome.error is not None:
            task.done.set_exception(outcome.error)
        else:
            task.done.set_result(outcome.value)

"""The thread that talks to the database, so that the event loop never waits for a disk.

Tasks are executed in the order in which they were submitted, and those that wait at the same time share
a transaction. While the store cannot be used (locked, disk full), the tasks are repeated until it can.
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
MAX_GROUP = 64  # tasks in one transaction
RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class _Task:
    """A piece of work.

    Args:
        done: gets the outcome; None if no caller waits for it.
    """

    work: Callable[[Any], Any]
    is_write: bool
    done: asyncio.Future[Any] | None = None


class DbExecutor:
    """Runs database work for the event loop. `close` waits for everything that was submitted before."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._loop = asyncio.get_running_loop()
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="database", daemon=True)
        self._thread.start()

    async def read(self, work: Callable[[Connection], T]) -> T:
        result: T = await self._execute(work, is_write=False)
        return result

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run work in a transaction.

        Args:
            work: may be called again if the store rolled an attempt back.
        """
        result: T = await self._execute(work, is_write=True)
        return result

    def submit(self, work: Callable[[Connection], None]) -> None:
        """Write before everything that is submitted later, without waiting. May be called from any thread.

        A failure is logged.
        """
        self._tasks.put(_Task(work, is_write=True))

    def close(self) -> None:
        self._closing.set()
        self._tasks.put(None)
        self._thread.join()

    async def _execute(self, work: Callable[[Any], Any], *, is_write: bool) -> Any:
        done = self._loop.create_future()
        self._tasks.put(_Task(work, is_write, done))
        return await done

    def _run(self) -> None:
        while (first := self._tasks.get()) is not None:
            tasks = [first, *self._waiting()]
            outcomes = self._outcomes(tasks)
            self._loop.call_soon_threadsafe(_settle, tasks, outcomes)  # once, because each call wakes the loop

    def _waiting(self) -> list[_Task]:
        tasks: list[_Task] = []
        while len(tasks) < MAX_GROUP and not self._tasks.empty():
            if (task := self._tasks.get()) is None:
                self._tasks.put(None)  # ends `_run`
                break
            tasks.append(task)
        return tasks

    def _outcomes(self, tasks: list[_Task]) -> list[Outcome]:
        while True:
            try:
                return self._attempt(tasks)
            except StoreError as error:
                log.error("%s The bot tries again.", error)
                if self._closing.wait(RETRY_S):
                    return [Outcome(error=error)] * len(tasks)

    def _attempt(self, tasks: list[_Task]) -> list[Outcome]:
        """Reads between writes join the writes' transaction, so that they do not split it."""
        if any(task.is_write for task in tasks):
            return commit_group(self._store, [task.work for task in tasks])
        with self._store.read() as connection:
            return [_outcome(task.work, connection) for task in tasks]


def _outcome(work: Callable[[Any], Any], connection: Connection) -> Outcome:
    try:
        return Outcome(work(connection))
    except Exception as error:  # it is raised where the work was requested
        return Outcome(error=error)


def _settle(tasks: Sequence[_Task], outcomes: Sequence[Outcome]) -> None:
    for task, outcome in zip(tasks, outcomes, strict=True):
        if task.done is None:
            if outcome.error is not None:
                log.error("A result could not be stored", exc_info=outcome.error)
        elif task.done.cancelled():
            continue
        elif outcome.error is not None:
            task.done.set_exception(outcome.error)
        else:
            task.done.set_result(outcome.value)

"""Several tasks in one transaction: each is all or nothing by itself, and they share the wait for the disk.

The one rule: a task that fails leaves the others as they are. An error of the store (a lock, a full disk) fails all of
them, and all may be tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from db.engine import Store
from tagger.core.errors import StoreError

Task = Callable[[Connection], Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a task returned, or the error that it raised, which has undone it."""

    value: Any = None
    error: Exception | None = None


def commit_group(store: Store, tasks: Sequence[Task]) -> list[Outcome]:
    """Run tasks, and commit once after the last.

    Args:
        store: where to write.
        tasks: if one of them fails, all is undone and each is called again, within a savepoint. Failures are rare, and
            a savepoint takes as long as two statements.

    Raises:
        StoreError: nothing was written.
    """
    try:
        with store.write() as connection:
            return [Outcome(task(connection)) for task in tasks]
    except (StoreError, OperationalError):  # the store's own, not a task's
        raise
    except Exception:
        with store.write() as connection:
            return [_outcome(connection, task) for task in tasks]


def _outcome(connection: Connection, task: Task) -> Outcome:
    try:
        with connection.begin_nested():
            return Outcome(task(connection))
    except OperationalError:
        raise
    except Exception as error:
        return Outcome(error=error)

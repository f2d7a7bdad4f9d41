"""Run several tasks in one transaction."""

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
    """What a task returned, or the error that rolled it back."""

    value: Any = None
    error: Exception | None = None


def commit_group(store: Store, tasks: Sequence[Task]) -> list[Outcome]:
    """Run tasks in one transaction, so that they share the wait for the disk.

    If one fails, all are rolled back, and each runs again in a savepoint, so that it fails alone. Failures are rare,
    and a savepoint costs two statements.

    Raises:
        StoreError: nothing was written; all tasks may be tried again.
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

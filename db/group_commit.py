"""Several pieces of work as one transaction: each is all or nothing by itself, and they share the wait for the disk.

The one rule: a piece that fails by itself takes nothing of its neighbours with it; what fails for the store (a lock, a
full disk) fails for all of them, and they may be tried again as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from db.engine import Store
from tagger.core.errors import StoreError

Piece = Callable[[Connection], Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Args:
    error: what the piece raised; it has left no trace then.
    """

    value: Any = None
    error: Exception | None = None


def commit_group(store: Store, pieces: Sequence[Piece]) -> list[Outcome]:
    """Commits once, after the last.

    Args:
        pieces: each is called again, after everything was undone, where one of them fails. Failures are rare, and a
            savepoint around each piece takes as long as two of its statements.

    Raises:
        StoreError: nothing was written.
    """
    try:
        with store.write() as connection:
            return [Outcome(piece(connection)) for piece in pieces]
    except (StoreError, OperationalError):  # the store's own trouble, not a piece's
        raise
    except Exception:
        with store.write() as connection:
            return [_outcome(connection, piece) for piece in pieces]


def _outcome(connection: Connection, piece: Piece) -> Outcome:
    try:
        with connection.begin_nested():
            return Outcome(piece(connection))
    except OperationalError:
        raise
    except Exception as error:
        return Outcome(error=error)

"""A store, whatever database it is in: transactions, upkeep, and what the other rooms ask of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from db.blocks import refresh_blocks
from db.errors import StoreTooNew
from db.migrate import HEAD, revision
from tagger.core.errors import StoreError


class Store(ABC):
    """A tag store. Any thread may begin a transaction; each transaction belongs to one thread at a time.

    The one rule: a write transaction takes the write lock when it begins, so that two writers queue.

    Attributes:
        name: what messages call it.
        file: the database's file, or where it is on a server an empty one of this machine. Locks and journals lie
            beside it.
        backup_folder: where its backups are.
        is_on_server: whether other machines may use it, too; then a lock on a file keeps none of them away.
    """

    is_on_server = False

    name: str
    file: str
    backup_folder: Path

    def __init__(self, reading: Engine, writing: Engine, timeout_s: float) -> None:
        self._reading = reading
        self._writing = writing
        self._timeout_s = timeout_s

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Read from a snapshot, unaffected by concurrent writes. Do not write in it."""
        with self._translated(), self._reading.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Write all or nothing: commit at the end, roll back after an exception or if the process dies.

        Raises:
            StoreLocked: another process kept the write lock for longer than the timeout.
        """
        with self._translated(), self._writing.begin() as connection:
            yield connection

    def optimize(self) -> None:
        """Count what changed, and refresh the statistics of the query planner; takes milliseconds after a run."""
        with self.write() as connection:
            refresh_blocks(connection)
            self._analyze(connection)

    def close(self) -> None:
        """Close all connections."""
        self._reading.dispose()

    @abstractmethod
    def find_damage(self, *, thorough: bool = False) -> str | None:
        """Read the whole database; the first damage that it finds, or None. Takes seconds if it is large.

        Args:
            thorough: also compare indexes with tables, and look for rows that refer to none; takes far longer.
        """

    @abstractmethod
    def empty_log(self) -> bool:
        """Remove what was deleted from the files of the database, as far as it can; writers may wait meanwhile.

        Returns:
            Whether that was possible; it is not while another transaction reads an older state.
        """

    @abstractmethod
    def size_bytes(self) -> int:
        """The size of the database."""

    @abstractmethod
    def is_writable(self) -> bool:
        """Whether this user may write to it."""

    @abstractmethod
    def _analyze(self, connection: Connection) -> None: ...

    def _too_new(self) -> StoreTooNew | None:
        """That a later version has migrated the store since it was opened."""
        try:
            with self._reading.connect() as connection:
                found = revision(connection)
        except DBAPIError:
            return None
        return None if found is None or found == HEAD else StoreTooNew(self.name, found)

    @abstractmethod
    def _translation(self, error: DBAPIError) -> StoreError | None:
        """The StoreError for a problem outside the program; None for a bug."""

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            translation = self._translation(error) or self._too_new()
            if translation is None:
                raise
            raise translation from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

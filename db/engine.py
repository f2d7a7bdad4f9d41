"""Open a store and run transactions in it, also several tasks in one.

The one rule: a write transaction takes the write lock when it begins, so that two writers queue. A transaction that
starts by reading fails at once if it writes after another writer committed, because its snapshot is old.

No transaction begins in a file that was replaced since it was opened: its writes would be lost.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection as Connection  # re-exported for callers' annotations
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from db.errors import MalformedUrl, NotAStore, StoreLocked, StoreReplaced, StoreUnreachable
from db.migrate import WRITING, migrate
from tagger.core.errors import StoreError
from tagger.core.text import without_secrets

BUSY_TIMEOUT_S = 30.0
BATCH_SIZE = 500  # values in an IN list, whose length SQLite limits
PROBLEMS = {
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_READONLY: "it may not be written",
    sqlite3.SQLITE_PERM: "it may not be opened",
    sqlite3.SQLITE_IOERR: "reading or writing it failed",
    sqlite3.SQLITE_FULL: "the disk is full",
}

Task = Callable[[Connection], Any]


class Store:
    """A tag store. Any thread may begin a transaction; each transaction belongs to one thread at a time."""

    def __init__(self, engine: Engine, file: str, timeout_s: float) -> None:
        self.file = file
        self._engine = engine
        self._writing = engine.execution_options(begin=WRITING)
        self._timeout_s = timeout_s
        self._opened: tuple[int, int] | None = None  # the identity of its file, once it exists

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Read from a snapshot, unaffected by concurrent writes. Do not write in it."""
        with self._translated(), self._engine.begin() as connection:
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
        """Refresh the statistics of SQLite's query planner; takes milliseconds after a run."""
        with self.write() as connection:
            connection.exec_driver_sql("PRAGMA analysis_limit = 1000")
            connection.exec_driver_sql("ANALYZE")

    def empty_log(self) -> bool:
        """Move the write-ahead log into the file and empty it: until then it holds deleted rows.

        Returns:
            Whether that was possible; it is not while another transaction reads an older state.
        """
        with self._translated(), self._engine.execution_options(begin="").connect() as connection:
            busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
            return not busy

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        if self._opened and _identity(self.file) != self._opened:
            raise StoreReplaced(self.file)
        try:
            yield
        except DBAPIError as error:
            translation = _translation(error, self.file, self._timeout_s)
            if translation is None:
                raise
            raise translation from error


def open_store(url: str, *, timeout_s: float = BUSY_TIMEOUT_S) -> Store:
    """Open a store and migrate its schema; create it, with its folder, if it does not exist.

    Args:
        url: ``sqlite:///`` and a path, so four slashes before an absolute one; or a plain path.
        timeout_s: how long to wait for another process that writes.

    Raises:
        StoreError: the store cannot be used; the subclass says why.
    """
    parsed = _parse(url)
    file = str(parsed.database)
    _make_folder(file)
    store = Store(_engine(parsed, timeout_s), file, timeout_s)
    try:
        with store._translated():
            migrate(store._engine, file, timeout_s)
        store._opened = _identity(file)
    except BaseException:
        store.close()
        raise
    return store


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a task returned, or the error that rolled it back."""

    value: Any = None
    error: Exception | None = None


def commit_group(store: Store, tasks: Sequence[Task]) -> list[Outcome]:
    """Run tasks in one transaction, so that they share the wait for the disk.

    If one fails, all are rolled back and each runs again within a savepoint, so that it fails alone. Failures are rare,
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


def in_batches(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Split values into batches that fit into an IN list."""
    pending = list(values)
    for start in range(0, len(pending), BATCH_SIZE):
        yield pending[start : start + BATCH_SIZE]


def store_file(url: str) -> Path:
    """The SQLite file that a URL or a plain path names.

    Raises:
        MalformedUrl: it names no file.
    """
    return Path(str(_parse(url).database))


def store_exists(url: str) -> bool:
    """Whether the store's file exists.

    Raises:
        StoreUnreachable: its folder cannot be searched.
    """
    return _identity(str(store_file(url))) is not None


def _outcome(connection: Connection, task: Task) -> Outcome:
    try:
        with connection.begin_nested():
            return Outcome(task(connection))
    except OperationalError:
        raise
    except Exception as error:
        return Outcome(error=error)


def _identity(file: str) -> tuple[int, int] | None:
    """The file's device and inode; None if there is no file. Takes a microsecond."""
    try:
        status = os.stat(file)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StoreUnreachable(file, f"it cannot be accessed ({error.strerror})") from error
    return status.st_dev, status.st_ino


def _parse(url: str) -> URL:
    if not url.strip():
        raise MalformedUrl("The database URL is empty. Write sqlite:////folder/tags.sqlite")
    if "://" not in url:
        return URL.create("sqlite", database=os.path.abspath(os.path.expanduser(url)))
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise MalformedUrl(
            f"The database URL {without_secrets(url)!r} is malformed. Write sqlite:////folder/tags.sqlite"
        ) from error
    if parsed.get_backend_name() != "sqlite" or parsed.get_driver_name() != "pysqlite":
        raise MalformedUrl(
            f"{without_secrets(url)!r} is not supported: tags are kept in SQLite. Write sqlite:////folder/tags.sqlite"
        )
    if parsed.database in (None, "", ":memory:"):
        raise MalformedUrl(
            f"{without_secrets(url)!r} names no file, its tags would be lost. Write sqlite:////folder/tags.sqlite"
        )
    return parsed


def _make_folder(file: str) -> None:
    try:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnreachable(file, f"its folder cannot be made ({error.strerror})") from error


def _engine(url: URL, timeout_s: float) -> Engine:
    engine = create_engine(url, connect_args={"timeout": timeout_s}, max_overflow=-1)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: DBAPIConnection, _record: object) -> None:
    connection.isolation_level = None  # Python's own BEGIN comes late, and never before DDL
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")  # commits survive a power cut
    connection.execute("PRAGMA secure_delete = ON")  # deleted rows are overwritten


def _begin(connection: Connection) -> None:
    if begin := connection.get_execution_options().get("begin", "BEGIN"):
        connection.exec_driver_sql(begin)


def _translation(error: DBAPIError, file: str, timeout_s: float) -> StoreError | None:
    """The StoreError for a problem outside the program; None for a bug."""
    if not isinstance(error.orig, sqlite3.Error):
        return None
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF  # the upper bytes hold the details
    if code == sqlite3.SQLITE_BUSY:
        return StoreLocked(file, timeout_s)
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return NotAStore(file, "it is no SQLite database, or damaged")
    if code in PROBLEMS:
        return StoreUnreachable(file, PROBLEMS[code])
    return None

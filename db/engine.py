"""Open a store and run transactions in it.

The one rule: a write transaction takes the write lock when it begins, so that two writers queue. A transaction that
starts by reading fails immediately if it writes after another writer has committed, because its snapshot is old.

No transaction begins in a file that was replaced since it was opened: its writes would be lost.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection as Connection  # re-exported for callers' annotations
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError

from db.blocks import refresh_blocks
from db.errors import LogWithoutStore, NotAStore, StoreLocked, StoreReplaced, StoreUnreachable
from db.location import file_identity, is_writable, log_size, obvious_damage, parse_url, sync_folder
from db.migrate import WRITING, migrate
from db.write import backup
from tagger.core.distance import distance_km
from tagger.core.errors import StoreError
from tagger.core.types import Position

log = logging.getLogger(__name__)

BUSY_TIMEOUT_S = 30.0
EMPTY_LOG_MS = 300
PROBLEMS = {
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_READONLY: "it is not writable",
    sqlite3.SQLITE_PERM: "permission to open it is missing",
    sqlite3.SQLITE_IOERR: "it could not be read or written",
    sqlite3.SQLITE_FULL: "the disk is full",
}


class Store:
    """A tag store. Any thread may begin a transaction; each transaction belongs to one thread at a time."""

    def __init__(self, engine: Engine, file: str, timeout_s: float, backup_folder: Path) -> None:
        self.file = file
        self.backup_folder = backup_folder
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
        """Count what changed, and refresh the statistics of SQLite's query planner; takes milliseconds after a run."""
        with self.write() as connection:
            refresh_blocks(connection)
            connection.exec_driver_sql("PRAGMA analysis_limit = 1000")
            connection.exec_driver_sql("ANALYZE")

    def find_damage(self) -> str | None:
        """Read the whole file; the first damage that SQLite finds, or None. Takes seconds for a large store."""
        with self.read() as connection:
            answer: str = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        return None if answer == "ok" else answer

    def empty_log(self) -> bool:
        """Move the write-ahead log into the file and empty it: until then it still contains deleted rows.

        Writers wait meanwhile, so it gives up soon.

        Returns:
            Whether that was possible; it is not while another transaction reads an older state.
        """
        with self._translated(), self._engine.execution_options(begin="").connect() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {EMPTY_LOG_MS}")
            try:
                busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
                return not busy
            finally:
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {round(self._timeout_s * 1000)}")

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        if self._opened and file_identity(self.file) != self._opened:
            raise StoreReplaced(self.file)
        try:
            yield
        except DBAPIError as error:
            translation = self._translation(error)
            if translation is None:
                raise
            raise translation from error

    def _translation(self, error: DBAPIError) -> StoreError | None:
        """The StoreError for a problem outside the program; None for a bug."""
        if not isinstance(error.orig, sqlite3.Error):
            return None
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF  # the upper bytes have the details
        if code == sqlite3.SQLITE_BUSY:
            return StoreLocked(self.file, self._timeout_s)
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            return NotAStore(self.file, "it is damaged", backup.newest_copy(self.file, self.backup_folder))
        return StoreUnreachable(self.file, PROBLEMS[code]) if code in PROBLEMS else None


def open_store(
    url: str, *, timeout_s: float = BUSY_TIMEOUT_S, backup_folder: Path | None = None, for_reading: bool = False
) -> Store:
    """Open a store and migrate its schema; create it, with its folder, if it does not exist.

    Args:
        url: ``sqlite:///`` and a path, so four slashes before an absolute one; or a plain path.
        timeout_s: how long to wait for another process that writes.
        backup_folder: where its backups are, to name one if it is damaged; None for the folder beside it.
        for_reading: also open a store that is not writable. It cannot be migrated.

    Raises:
        StoreError: the store cannot be used; the subclass says why.
    """
    parsed = parse_url(url)
    file = str(parsed.database)
    folder = backup_folder or backup.default_folder(file)
    if file_identity(file) is None:
        _create(parsed, timeout_s, backup.newest_copy(file, folder))
    if damage := obvious_damage(file):
        raise NotAStore(file, damage, backup.newest_copy(file, folder))
    if not for_reading or is_writable(file):
        return _open(parsed, "rw", timeout_s, folder)
    return _open_for_reading(parsed, timeout_s, folder)


def _open_for_reading(url: URL, timeout_s: float, backup_folder: Path) -> Store:
    """Open a store that is not writable.

    Without a log nobody is writing, and the file alone is the store. SQLite has to be told: otherwise it tries to
    create files beside it, which fails, or leaves them behind as this user's, which may lock out the owner.
    """
    file = str(url.database)
    log_bytes = log_size(file)
    if log_bytes is not None:
        try:
            return _open(url, "ro", timeout_s, backup_folder)
        except StoreUnreachable as error:  # the log has no index beside it, and none can be made
            if log_bytes:
                problem = f"{file}-wal, with its latest changes, can be read only in a writable folder"
                raise StoreUnreachable(file, problem) from error
    return _open(url, "ro&immutable=1", timeout_s, backup_folder)


def _open(url: URL, mode: str, timeout_s: float, backup_folder: Path) -> Store:
    file = str(url.database)
    store = Store(_engine(url, timeout_s, mode), file, timeout_s, backup_folder)
    try:
        with store._translated():
            migrate(store._engine, file, timeout_s, is_writable=mode == "rw")
        store._opened = file_identity(file)
    except BaseException:
        store.close()
        raise
    return store


def _create(url: URL, timeout_s: float, backup: Path | None) -> None:
    """Create an empty store that only this user may read; if another process is faster, its file stays.

    The file gets its name once it is complete. So an empty or partial file is never a new store, but a damaged one.
    """
    file = Path(str(url.database))
    if log_size(str(file)) is not None and file_identity(str(file)) is None:  # else another process was quicker
        raise LogWithoutStore(str(file), backup)
    if backup is not None:
        log.warning("%s is a new database, although there is a backup of an earlier one: %s", file, backup)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnreachable(str(file), f"its folder cannot be created ({error.strerror})") from error
    try:
        file = file.resolve()
        handle, name = tempfile.mkstemp(".sqlite", ".new-", file.parent)
    except OSError as error:
        raise StoreUnreachable(str(file), f"it cannot be created ({error.strerror})") from error
    os.close(handle)
    try:
        with _open(url.set(database=name), "rw", timeout_s, file.parent) as created:
            created.empty_log()  # closing does so too, but says nothing if the disk is full
        _give_name(name, file)
    except StoreUnreachable as error:
        raise StoreUnreachable(str(file), error.problem) from error
    except OSError as error:
        raise StoreUnreachable(str(file), f"it cannot be created ({error.strerror})") from error
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(name + suffix).unlink(missing_ok=True)


def _give_name(name: str, file: Path) -> None:
    try:
        os.link(name, file)
    except FileExistsError:
        pass
    except OSError:  # a file system without hard links
        if not file.exists():
            os.rename(name, file)
    sync_folder(file.parent)


def _engine(url: URL, timeout_s: float, mode: str) -> Engine:
    """An engine for an existing file.

    Args:
        mode: SQLite's, and further parameters of its URI.
    """
    engine = create_engine(url, connect_args={"timeout": timeout_s, "uri": True}, max_overflow=-1)
    uri = f"{Path(str(url.database)).absolute().as_uri()}?mode={mode}"
    event.listen(engine, "do_connect", lambda dialect, _record, _positional, named: dialect.connect(uri, **named))
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: DBAPIConnection, _record: object) -> None:
    connection.isolation_level = None  # Python's own BEGIN comes late, and DDL gets none
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")  # commits survive a power cut
    connection.execute("PRAGMA secure_delete = ON")  # deleted rows are overwritten
    connection.create_function("distance_km", 4, _distance_km, deterministic=True)


def _distance_km(lat_1: float, lon_1: float, lat_2: float, lon_2: float) -> float:
    return distance_km(Position(lat_1, lon_1), Position(lat_2, lon_2))


def _begin(connection: Connection) -> None:
    if begin := connection.get_execution_options().get("begin", "BEGIN"):
        connection.exec_driver_sql(begin)

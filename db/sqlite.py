"""A store in a SQLite file.

The one rule: no transaction begins in a file that was replaced since it was opened, because its writes would be lost.

A write transaction takes the write lock when it begins. One that starts by reading fails immediately if it writes after
another writer has committed, because its snapshot is old.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, OperationalError

from db.errors import LogWithoutStore, NotAStore, StoreLocked, StoreReplaced, StoreTooOld, StoreUnreachable
from db.location import file_identity, is_writable, log_size, obvious_damage, sync_folder
from db.migrate import create_or_upgrade, is_at_head
from db.store import Store
from db.write import backup
from tagger.core.distance import distance_km
from tagger.core.errors import StoreError
from tagger.core.types import Position

log = logging.getLogger(__name__)

WRITING = "BEGIN IMMEDIATE"  # how a transaction begins that writes
EMPTY_LOG_MS = 300
PROBLEMS = {
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_READONLY: "it is not writable",
    sqlite3.SQLITE_PERM: "permission to open it is missing",
    sqlite3.SQLITE_IOERR: "it could not be read or written",
    sqlite3.SQLITE_FULL: "the disk is full",
}


class SqliteStore(Store):
    """A store in a file."""

    def __init__(self, engine: Engine, file: str, timeout_s: float, backup_folder: Path) -> None:
        super().__init__(engine, engine.execution_options(begin=WRITING), timeout_s)
        self.name = self.file = file
        self.backup_folder = backup_folder
        self._opened: tuple[int, int] | None = None  # the identity of its file, once it exists

    def find_damage(self, *, thorough: bool = False) -> str | None:
        check = "integrity_check" if thorough else "quick_check"
        with self.read() as connection:
            answer: str = connection.exec_driver_sql(f"PRAGMA {check}(1)").scalar_one()
            lost = connection.exec_driver_sql("PRAGMA foreign_key_check").first() if thorough else None
        if answer == "ok" and lost is not None:
            answer = f"row {lost[1]} of the table {lost[0]} refers to a row of {lost[2]} that is missing"
        return None if answer == "ok" else answer

    def empty_log(self) -> bool:
        """Move the write-ahead log into the file and empty it: until then it still contains deleted rows.

        Writers wait meanwhile, so it gives up soon.
        """
        with self._translated(), self._reading.execution_options(begin="").connect() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {EMPTY_LOG_MS}")
            try:
                busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
                return not busy
            finally:
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {round(self._timeout_s * 1000)}")

    def size_bytes(self) -> int:
        return os.path.getsize(self.file)

    def is_writable(self) -> bool:
        return is_writable(self.file)

    def _analyze(self, connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA analysis_limit = 1000")
        connection.exec_driver_sql("ANALYZE")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        if self._opened and file_identity(self.file) != self._opened:
            raise StoreReplaced(self.file)
        with super()._translated():
            yield

    def _translation(self, error: DBAPIError) -> StoreError | None:
        if not isinstance(error.orig, sqlite3.Error):
            return None
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF  # the upper bytes have the details
        if code == sqlite3.SQLITE_BUSY:
            return StoreLocked(self.file, self._timeout_s)
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            return NotAStore(self.file, "it is damaged", backup.newest_copy(self.file, self.backup_folder))
        return StoreUnreachable(self.file, PROBLEMS[code]) if code in PROBLEMS else None


def open_sqlite(parsed: URL, timeout_s: float, backup_folder: Path | None, *, for_reading: bool) -> SqliteStore:
    """Open the store in a file, with its folder; arguments and errors as for `db.engine.open_store`."""
    file = str(parsed.database)
    folder = backup_folder or backup.default_folder(file)
    if file_identity(file) is None:
        _create(parsed, timeout_s, backup.newest_copy(file, folder))
    if damage := obvious_damage(file):
        raise NotAStore(file, damage, backup.newest_copy(file, folder))
    if not for_reading or is_writable(file):
        return _open(parsed, "rw", timeout_s, folder)
    return _open_for_reading(parsed, timeout_s, folder)


def sqlite_exists(parsed: URL) -> bool:
    """Whether the store's file exists."""
    return file_identity(str(parsed.database)) is not None


def _open_for_reading(url: URL, timeout_s: float, backup_folder: Path) -> SqliteStore:
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


def _open(url: URL, mode: str, timeout_s: float, backup_folder: Path) -> SqliteStore:
    file = str(url.database)
    store = SqliteStore(_engine(url, timeout_s, mode), file, timeout_s, backup_folder)
    try:
        with store._translated():
            _migrate(store._reading, file, timeout_s, is_writable=mode == "rw")
        store._opened = file_identity(file)
    except BaseException:
        store.close()
        raise
    return store


def _migrate(engine: Engine, file: str, timeout_s: float, *, is_writable: bool) -> None:
    """Bring the database to the newest revision; errors as for `db.migrate.create_or_upgrade`.

    Raises:
        StoreTooOld: it is older, and not writable.
    """
    with engine.connect() as connection:
        if is_at_head(connection):
            return
    if not is_writable:
        raise StoreTooOld(file)
    _switch_to_wal(engine, timeout_s)
    with _without_foreign_keys(engine) as connection, connection.begin():
        if create_or_upgrade(connection, file):
            assert not connection.exec_driver_sql("PRAGMA foreign_key_check").first(), "a migration lost rows"


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


@contextmanager
def _without_foreign_keys(engine: Engine) -> Iterator[Connection]:
    """Connect without foreign key checks, since a migration replaces tables that others refer to.

    SQLite accepts the switch only outside of a transaction.
    """
    with engine.connect() as connection:
        sqlite = connection.connection.driver_connection
        assert sqlite is not None
        sqlite.execute("PRAGMA foreign_keys = OFF")
        try:
            yield connection.execution_options(begin=WRITING)
        finally:
            connection.invalidate()  # so that no later user inherits the switch


def _switch_to_wal(engine: Engine, timeout_s: float) -> None:
    """Switch to WAL mode, in which readers never wait for the writer; the file keeps the mode.

    SQLite refuses immediately, without its busy timeout, if another process is switching too.
    """
    deadline = time.monotonic() + timeout_s
    with engine.connect().execution_options(begin="") as connection:
        while True:
            try:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
                return
            except OperationalError as error:
                if "locked" not in str(error.orig) or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

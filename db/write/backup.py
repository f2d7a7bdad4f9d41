"""Copy the database while it is in use, and remove older copies.

The one rule: a copy gets its name only after a check, and older copies are removed only after that. So a file with the
name of a copy is sound, and holds every row that was committed before the copy began. Several backups may share a
folder: each writes a temporary file of its own, and only removes older copies of its own database.
"""

from __future__ import annotations

import os
import re
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from db.errors import BackupFailed

UNFINISHED = re.compile(r"unfinished-\w+\.sqlite(-\w+)?")  # and the files that SQLite keeps beside it
DEAD_AFTER_S = 12 * 3600.0  # a backup writes continuously, so one that was idle for so long was killed


@dataclass(frozen=True, slots=True)
class Backup:
    """A new copy, and the older copies that were removed for it."""

    file: Path
    size_bytes: int
    removed: tuple[Path, ...]


def back_up(source: str, folder: Path, *, keep: int) -> Backup:
    """Copy a database into a folder, check the copy, and keep only the newest few copies of this database.

    The copy is one read transaction. Concurrent writers do not restart it, as they would a copy in steps.

    Args:
        source: the database file; this or another process may have it open.
        keep: how many copies are left afterwards, with this one.

    Raises:
        BackupFailed: there is no new copy; the older ones are untouched.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(folder)
        with _unfinished(folder) as unfinished:
            _copy(source, unfinished)
            _check(unfinished)
            size_bytes = unfinished.stat().st_size
            file = _publish(unfinished, source)
        return Backup(file, size_bytes, _rotate(source, folder, keep))
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(str(folder), str(error)) from error


def copies(source: str, folder: Path) -> list[Path]:
    """The copies of a database in a folder, newest first; copies of databases with other names are left out."""
    name = re.compile(re.escape(Path(source).stem) + r"-\d{8}-\d{6}\.sqlite")
    return sorted((file for file in folder.iterdir() if name.fullmatch(file.name)), reverse=True)


@contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    """Create a file that no other backup uses, and that only this user may read."""
    handle, name = tempfile.mkstemp(".sqlite", "unfinished-", folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            with suppress(OSError):
                os.unlink(name + suffix)


def _remove_leftovers(folder: Path) -> None:
    """Remove the files of killed backups, but not of a running one."""
    for file in folder.iterdir():
        with suppress(OSError):  # it is finished by now, or belongs to another user
            if UNFINISHED.fullmatch(file.name) and time.time() - file.stat().st_mtime > DEAD_AFTER_S:
                file.unlink()


def _copy(source: str, target: Path) -> None:
    with closing(_open(Path(source), "ro")) as reading, closing(_open(target, "rw")) as writing:
        reading.backup(writing, pages=-1)


def _check(file: Path) -> None:
    """Raise an error unless a copy is sound and a store; SQLite accepts an empty file."""
    with closing(_open(file, "rw")) as connection:
        problem = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if problem != "ok":
            raise sqlite3.DatabaseError(f"the copy is not sound: {problem}")
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            raise sqlite3.DatabaseError("the copy is not a tag database")


def _open(file: Path, mode: str) -> sqlite3.Connection:
    """Open an existing file."""
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode={mode}", uri=True)


def _publish(unfinished: Path, source: str) -> Path:
    """Give a copy its name once it is on the disk."""
    with unfinished.open("rb") as opened:
        os.fsync(opened.fileno())
    file = unfinished.replace(_free_name(source, unfinished.parent))
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return file


def _free_name(source: str, folder: Path) -> Path:
    """The name of a copy by the current time, or the next free second."""
    now = datetime.now(UTC)
    while (file := folder / f"{Path(source).stem}-{now:%Y%m%d-%H%M%S}.sqlite").exists():
        now += timedelta(seconds=1)
    return file


def _rotate(source: str, folder: Path, keep: int) -> tuple[Path, ...]:
    old = copies(source, folder)[keep:]
    for file in old:
        file.unlink(missing_ok=True)
    return tuple(old)

"""A copy of the database while it is in use, and what becomes of older copies.

The one rule: a copy gets its name only after it was checked, and older ones go only after that. A copy that is named
like one is sound, and holds every row that was committed before it began. Several backups may work in one folder: each
has an unfinished file of its own, and a new copy takes the place of older ones of its own database only.
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

UNFINISHED = re.compile(r"unfinished-\w+\.sqlite(-\w+)?")  # with what SQLite keeps beside it
DEAD_AFTER_S = 12 * 3600.0  # a backup writes all the time; one that wrote nothing for so long was killed


@dataclass(frozen=True, slots=True)
class Backup:
    """Args:
    removed: older copies that had to go for it.
    """

    file: Path
    size_bytes: int
    removed: tuple[Path, ...]


def back_up(source: str, folder: Path, *, keep: int) -> Backup:
    """Copy a database into a folder, check the copy, and keep only the newest few of this database.

    The copy is one read transaction: writers go on meanwhile, and what they write does not begin it anew, as a copy in
    steps would.

    Args:
        source: the file of an open store, or of one in another process.
        keep: how many copies are there afterwards, this one included.

    Raises:
        BackupFailed: there is no new copy; those that were there still are.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(folder)
        with _unfinished(folder) as unfinished:
            _copy(source, unfinished)
            _check(unfinished)
            size_bytes = unfinished.stat().st_size
            file = _settle(unfinished, source)
        return Backup(file, size_bytes, _rotate(source, folder, keep))
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(str(folder), str(error)) from error


def copies(source: str, folder: Path) -> list[Path]:
    """The copies of a database in a folder, newest first; those of a database that is called otherwise left out."""
    name = re.compile(re.escape(Path(source).stem) + r"-\d{8}-\d{6}\.sqlite")
    return sorted((file for file in folder.iterdir() if name.fullmatch(file.name)), reverse=True)


@contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    """A file that no other backup has, and nobody else may read: it holds what the database holds."""
    handle, name = tempfile.mkstemp(".sqlite", "unfinished-", folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            with suppress(OSError):
                os.unlink(name + suffix)


def _remove_leftovers(folder: Path) -> None:
    """What killed backups left; another that is at work keeps its own."""
    for file in folder.iterdir():
        with suppress(OSError):  # it is finished by now, or somebody else's
            if UNFINISHED.fullmatch(file.name) and time.time() - file.stat().st_mtime > DEAD_AFTER_S:
                file.unlink()


def _copy(source: str, target: Path) -> None:
    with closing(_open(Path(source), "ro")) as reading, closing(_open(target, "rw")) as writing:
        reading.backup(writing, pages=-1)


def _check(file: Path) -> None:
    """It is sound, and a store: SQLite finds nothing wrong with an empty file."""
    with closing(_open(file, "rw")) as connection:
        problem = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if problem != "ok":
            raise sqlite3.DatabaseError(f"the copy is not sound: {problem}")
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            raise sqlite3.DatabaseError("the copy is not a tag database")


def _open(file: Path, mode: str) -> sqlite3.Connection:
    """Only a file that is there."""
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode={mode}", uri=True)


def _settle(unfinished: Path, source: str) -> Path:
    """On the disk before it has its name.

    Returns:
        The copy.
    """
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
    """Copies that are finished within one second are two."""
    now = datetime.now(UTC)
    while (file := folder / f"{Path(source).stem}-{now:%Y%m%d-%H%M%S}.sqlite").exists():
        now += timedelta(seconds=1)
    return file


def _rotate(source: str, folder: Path, keep: int) -> tuple[Path, ...]:
    old = copies(source, folder)[keep:]
    for file in old:
        file.unlink(missing_ok=True)
    return tuple(old)

"""Copy the database while it is in use, and remove older copies.

The one rule: a copy gets its name only after a check, and older copies are removed only after that. So a file with the
name of a copy is sound, and has every row that was committed before the copy began. Several backups may share a
folder: each writes its own temporary file, and only removes older copies of its own database.

A copy's name shows which database it came from, as in ``tagger-3f0a81c2-20261122-033000.sqlite``: four digits of the
path of its database, and four of a random number in that database (`PRAGMA user_version`). So databases of two
containers or in two folders stay apart, and so do a database and a new one in its place.
"""

from __future__ import annotations

import hashlib
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
from db.location import sync_folder

TIME = r"-\d{8}-\d{6}\.sqlite"
UNFINISHED = re.compile(r"unfinished-\w+\.sqlite(-\w+)?")  # and the files that SQLite keeps beside it
DEAD_AFTER_S = 12 * 3600.0  # a backup writes continuously, so one that was idle for so long was killed


@dataclass(frozen=True, slots=True)
class Backup:
    """A new copy, and the older copies that were removed for it."""

    file: Path
    size_bytes: int
    removed: tuple[Path, ...]
    larger: tuple[Path, ...]  # older ones that are more than twice as large, which it does not replace


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
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_leftovers(folder)
        with _unfinished(folder) as unfinished:
            _copy(source, unfinished)
            number = _check(unfinished) % 0x10000
            size_bytes = unfinished.stat().st_size
            file = _publish(unfinished, f"{Path(source).stem}-{_path_digits(source)}{number:04x}")
        removed, larger = _rotate(file, size_bytes, keep)
        return Backup(file, size_bytes, removed, larger)
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(str(folder), str(error)) from error


def default_folder(source: str) -> Path:
    """Where the copies of a database are if no setting says otherwise."""
    return Path(source).parent / "backups"


def newest_copy(source: str, folder: Path) -> Path | None:
    """The copy to restore a database from; None if there is none.

    One that is much smaller than an older one is not chosen: it may be of a database that had lost its rows.
    """
    found = copies(source, folder) or _copies(re.escape(Path(source).stem), folder)  # as earlier versions named them
    sizes = {file: file.stat().st_size for file in found}
    return next((file for file in found if 2 * sizes[file] >= max(sizes.values())), None)


def copies(source: str, folder: Path) -> list[Path]:
    """The copies of a database, and of earlier ones in its place, newest first."""
    return _copies(rf"{re.escape(Path(source).stem)}-{_path_digits(source)}[0-9a-f]{{4}}", folder)


def _copies(name: str, folder: Path) -> list[Path]:
    """The copies in a folder whose name begins with this pattern, newest first."""
    pattern = re.compile(name + TIME)
    try:
        found = [file for file in folder.iterdir() if pattern.fullmatch(file.name)]
    except OSError:
        return []
    return sorted(found, key=_time_of, reverse=True)


def _time_of(copy: Path) -> str:
    return copy.name[-len("-20261122-033000.sqlite") :]


def _path_digits(source: str) -> str:
    return hashlib.sha256(os.fsencode(os.path.realpath(source))).hexdigest()[:4]


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


def _check(file: Path) -> int:
    """Raise an error unless a copy is sound and a store; SQLite accepts an empty file.

    Returns:
        The random number of its database.
    """
    with closing(_open(file, "rw")) as connection:
        problem = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if problem != "ok":
            raise sqlite3.DatabaseError(f"the copy is not sound: {problem}")
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            raise sqlite3.DatabaseError("the copy is not a tag database")
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _open(file: Path, mode: str) -> sqlite3.Connection:
    """Open an existing file."""
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode={mode}", uri=True)


def _publish(unfinished: Path, name: str) -> Path:
    """Give a copy its name once it is on the disk."""
    with unfinished.open("rb") as opened:
        os.fsync(opened.fileno())
    file = unfinished.replace(_free_name(name, unfinished.parent))
    sync_folder(file.parent)
    return file


def _free_name(name: str, folder: Path) -> Path:
    """The name of a copy for the current time, or for the next free second."""
    now = datetime.now(UTC)
    while (file := folder / f"{name}-{now:%Y%m%d-%H%M%S}.sqlite").exists():
        now += timedelta(seconds=1)
    return file


def _rotate(file: Path, size_bytes: int, keep: int) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Remove the oldest copies of a database.

    Much larger ones are counted apart: if the database lost its rows, later copies must not replace the good ones.

    Returns:
        The removed copies, and the larger ones that are left.
    """
    copies = _copies(re.escape(file.name.removesuffix(_time_of(file))), file.parent)
    larger = [copy for copy in copies if copy.stat().st_size > 2 * size_bytes]
    alike = [copy for copy in copies if copy not in larger]
    removed = (*alike[keep:], *larger[keep:])
    for copy in removed:
        copy.unlink(missing_ok=True)
    return removed, tuple(larger[:keep])

"""A copy of the database while it is in use, and what becomes of older copies.

The one rule: a copy gets its name only after it was checked, and older ones go only after that. A copy that is named
like one is sound, and holds every row that was committed before it began.
"""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from db.errors import BackupFailed

NAME = re.compile(r"tagger-\d{8}-\d{6}\.sqlite")
UNFINISHED = "unfinished.sqlite"


@dataclass(frozen=True, slots=True)
class Backup:
    """Args:
    removed: older copies that had to go for it.
    """

    file: Path
    size_bytes: int
    removed: tuple[Path, ...]


def back_up(source: str, folder: Path, *, keep: int) -> Backup:
    """Copy a database into a folder, check the copy, and keep only the newest few.

    The copy is one read transaction: writers go on meanwhile, and what they write does not begin it anew, as a copy in
    steps would.

    Args:
        source: the file of an open store, or of one in another process.
        keep: how many copies are there afterwards, this one included.

    Raises:
        BackupFailed: there is no new copy; those that were there still are.
    """
    unfinished = folder / UNFINISHED
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove(unfinished)
        unfinished.touch(mode=0o600)  # it holds what the database holds, and that may be nobody else's business
        _copy(source, unfinished)
        _check(unfinished)
        file = folder / f"tagger-{datetime.now(UTC):%Y%m%d-%H%M%S}.sqlite"
        _settle(unfinished, file)
        return Backup(file, file.stat().st_size, _rotate(folder, keep))
    except (OSError, sqlite3.Error) as error:
        _remove(unfinished)
        raise BackupFailed(str(folder), str(error)) from error


def copies(folder: Path) -> list[Path]:
    """The copies in a folder, newest first."""
    return sorted((file for file in folder.iterdir() if NAME.fullmatch(file.name)), reverse=True)


def _copy(source: str, target: Path) -> None:
    with (
        closing(sqlite3.connect(f"{Path(source).absolute().as_uri()}?mode=ro", uri=True)) as reading,
        closing(sqlite3.connect(target)) as writing,
    ):
        reading.backup(writing, pages=-1)


def _check(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        problem = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if problem != "ok":
            raise sqlite3.DatabaseError(f"the copy is not sound: {problem}")


def _settle(unfinished: Path, file: Path) -> None:
    """On the disk before it has its name."""
    with unfinished.open("rb") as opened:
        os.fsync(opened.fileno())
    unfinished.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _rotate(folder: Path, keep: int) -> tuple[Path, ...]:
    old = copies(folder)[keep:]
    for file in old:
        file.unlink(missing_ok=True)
    return tuple(old)


def _remove(unfinished: Path) -> None:
    """With what SQLite keeps beside it."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        try:
            unfinished.with_name(unfinished.name + suffix).unlink(missing_ok=True)
        except OSError:
            return

"""Locks on files. The system frees them when their process ends."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import FileLock


def acquired(file: Path, mode: int) -> FileLock | None:
    """Acquire a lock.

    Args:
        file: the lock's own file.
        mode: of that file.

    Returns:
        The lock, or None if another process has it.
    """
    from filelock import FileLock, Timeout  # commands that only read the store do not need it

    lock = FileLock(file, timeout=0, thread_local=False, mode=mode)
    try:
        lock.acquire()
    except Timeout:
        return None
    return lock


def mode_of(database: str) -> int:
    """The mode of a database's lock: everybody who may write to the database may lock it."""
    return os.stat(database).st_mode & 0o666


def place_of(file: str) -> str:
    """A word for the place where the locks of a database on a server lie: no other machine has the same.

    Args:
        file: stands for the database on this machine, and keeps a random word for this purpose.
    """
    word = Path(file).read_text()
    if not word:
        word = secrets.token_hex(8)
        Path(file).write_text(word)
    return f"{socket.gethostname()}:{word}"  # a cloned machine has a copy of the file

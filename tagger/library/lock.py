"""The locks that allow one run at a time on a database, and one bot; they end with their process.

The one rule: while a process holds the lock for runs, every other run that is stored as running has died.
"""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from db.engine import Store
from db.errors import StoreUnreachable
from db.write.runs import mark_died, running
from tagger.core.errors import BotInProgress, ConfigError, RunInProgress, StoreError
from tagger.library.cause_of_death import photos_are_suspect, run_noted

if TYPE_CHECKING:
    from filelock import FileLock

log = logging.getLogger(__name__)

PRIVATE = 0o600


@contextmanager
def run_lock(store: Store) -> Iterator[None]:
    """Lock a store for a run, whatever path opened it, and mark runs that died.

    Args:
        store: the one to lock.

    Raises:
        RunInProgress: another run has the store; the message says which, and since when.
    """
    try:
        file = os.path.realpath(store.file)
        lock = _acquired(Path(f"{file}.lock"), _mode_of(file))
    except OSError as error:
        raise StoreUnreachable(store.name, f"its lock cannot be created ({error.strerror})") from error
    if lock is None:
        raise RunInProgress(store.name, _holder(store))
    try:
        with store.write() as connection:
            died = mark_died(connection, are_files_suspect=photos_are_suspect(file))
        for run in died:
            log.warning("Run %d died: %s", run.id, run)
        with run_noted(file, _mode_of(file), has_ended=lambda: _is_idle(store)):
            yield
    finally:
        lock.release()


@contextmanager
def xmp_lock(store: Store) -> Iterator[None]:
    """Lock a store for writing sidecars; runs may go on.

    Raises:
        RunInProgress: another process writes sidecars.
    """
    file = os.path.realpath(store.file)
    try:
        lock = _acquired(Path(f"{file}.xmp.lock"), _mode_of(file))
    except OSError as error:
        raise StoreUnreachable(store.name, f"its lock cannot be created ({error.strerror})") from error
    if lock is None:
        raise RunInProgress(store.name, "it writes XMP sidecars")
    try:
        yield
    finally:
        lock.release()


@contextmanager
def bot_lock(store: Store, *, server: str, token: str) -> Iterator[None]:
    """Lock a store and a token for one bot.

    Args:
        store: whatever path opened it.
        server: the root URL of the Bot API's server.
        token: the bot's.

    Raises:
        BotInProgress: another bot has one of them; the message says which process, and since when.
        ConfigError: a lock cannot be created.
    """
    database = os.path.realpath(store.file)
    account = hashlib.sha256(f"{server.rstrip('/')} {token}".encode()).hexdigest()[:16]
    with (
        _for_bot(
            Path(f"{database}.bot.lock"), _mode_of(database), f"the database {store.name}", "name another one with --db"
        ),
        _for_bot(_shared_folder() / f"bot-{account}.lock", PRIVATE, "this token", "use another token"),
    ):
        yield


def _shared_folder() -> Path:
    """A folder for locks that all processes of this user on this machine share."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    return Path(tempfile.gettempdir()) / f"landmark-tagger-{user}"


@contextmanager
def _for_bot(file: Path, mode: int, what: str, advice: str) -> Iterator[None]:
    holder = file.with_suffix(".holder")  # the lock's own file is emptied by whoever tries it
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = _acquired(file, mode)
        if lock is None:
            raise BotInProgress(what, holder.read_text() if holder.exists() else "it is just starting", advice)
        holder.touch(mode)
        holder.write_text(
            f"process {os.getpid()} on {socket.gethostname()}, since {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        )
    except OSError as error:
        raise ConfigError(f"The lock {file} cannot be created: {error.strerror}. Make its folder writable.") from error
    try:
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _mode_of(database: str) -> int:
    """The mode of a database's lock: everybody who may write to the database may lock it."""
    return os.stat(database).st_mode & 0o666


def _acquired(file: Path, mode: int) -> FileLock | None:
    """The lock, or None if another process has it."""
    from filelock import FileLock, Timeout  # commands that only read the store do not need it

    lock = FileLock(file, timeout=0, thread_local=False, mode=mode)
    try:
        lock.acquire()
    except Timeout:
        return None
    return lock


def _is_idle(store: Store) -> bool:
    """Whether the store knows that no run is in progress."""
    try:
        with store.read() as connection:
            return running(connection) is None
    except StoreError:
        return False


def _holder(store: Store) -> str:
    with store.read() as connection:
        run = running(connection)
    return str(run) if run else "it is just starting"

"""The locks that allow one run at a time on a database, and one bot.

They end with their process; those of a database on a server soon after it.

The one rule: while a process holds the lock for runs, every other run that is stored as running has died.
"""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from db.engine import Store
from db.errors import StoreUnreachable
from db.write.runs import mark_died, running
from db.write.shared.workers import SharedRun, give_up_expired, shared_run, workers_at_work
from tagger.core.errors import BotInProgress, ConfigError, RunInProgress, StoreError
from tagger.library.cause_of_death import photos_are_suspect, run_noted, was_short_of_memory
from tagger.library.workers.server_lock import server_lock

if TYPE_CHECKING:
    from filelock import FileLock

log = logging.getLogger(__name__)

PRIVATE = 0o600
RUN = "run"  # the work of which there is one at a time


@contextmanager
def run_lock(store: Store) -> Iterator[None]:
    """Lock a store for a run, whatever path opened it, and mark runs that died.

    Args:
        store: the one to lock.

    Raises:
        RunInProgress: another run, or a worker, has the store; the message says which, and since when.
    """
    with _only_one(store, RUN) as is_mine:
        if not is_mine:
            raise RunInProgress(store.name, _holder(store))
        give_up_silent_workers(store)
        with store.read() as connection:
            workers = workers_at_work(connection)
        if workers:
            raise RunInProgress(store.name, workers[0])
        file = os.path.realpath(store.file)
        _mark_died(store, except_run=None)
        with run_noted(file, _mode_of(file), has_ended=lambda: _is_idle(store)):
            yield


@contextmanager
def lead_lock(store: Store, *, keeps: Callable[[SharedRun], bool]) -> Iterator[bool]:
    """Lock a store to lead the workers, if nobody does, and mark runs that died.

    Args:
        store: the one to lock.
        keeps: whether this process would go on with the run that the workers share; else that run has died.

    Yields:
        Whether this process leads; if not, another worker does, or another run is in progress.
    """
    with _only_one(store, RUN) as is_mine:
        if is_mine:
            give_up_silent_workers(store)
            with store.read() as connection:
                shared = shared_run(connection)
            _mark_died(store, except_run=shared.id if shared and keeps(shared) else None)
        yield is_mine


def give_up_silent_workers(store: Store) -> None:
    """Let others have the files of workers that no longer renew their leases."""
    with store.write() as connection:
        given_up = give_up_expired(connection, are_files_suspect=lambda note: not was_short_of_memory(note))
    for worker in given_up:
        log.warning("The worker %s is silent: others do its work", worker)


def _mark_died(store: Store, *, except_run: int | None) -> None:
    is_suspect = photos_are_suspect(os.path.realpath(store.file))
    with store.write() as connection:
        died = mark_died(connection, are_files_suspect=is_suspect, except_run=except_run)
    for run in died:
        log.warning("Run %d died: %s", run.id, run)


@contextmanager
def xmp_lock(store: Store) -> Iterator[None]:
    """Lock a store for writing sidecars; runs may go on.

    Raises:
        RunInProgress: another process writes sidecars.
    """
    with _only_one(store, "xmp") as is_mine:
        if not is_mine:
            raise RunInProgress(store.name, "it writes XMP sidecars")
        yield


@contextmanager
def _only_one(store: Store, work: str) -> Iterator[bool]:
    """Whether this process alone has the lock for some work, until the context ends."""
    file = os.path.realpath(store.file)
    try:
        lock = _acquired(Path(f"{file}.lock" if work == RUN else f"{file}.{work}.lock"), _mode_of(file))
    except OSError as error:
        raise StoreUnreachable(store.name, f"its lock cannot be created ({error.strerror})") from error
    if lock is None:
        yield False
        return
    try:
        if store.is_on_server:
            with server_lock(store, work) as is_mine:
                yield is_mine
        else:
            yield True
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

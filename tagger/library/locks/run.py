"""The locks that allow one run at a time on a database.

They end with their process; those of a database on a server soon after its machine.

The one rule: while a process holds the lock for runs, every other run that is stored as running has died.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from db.engine import Store
from db.errors import StoreUnreachable
from db.write.runs import mark_died, running
from db.write.shared.workers import SharedRun, give_up_expired, shared_run, workers_at_work
from tagger.core.errors import RunInProgress, StoreError
from tagger.library.cause_of_death import photos_are_suspect, run_noted, was_short_of_memory
from tagger.library.locks.file import acquired, mode_of, place_of
from tagger.library.locks.server import server_lock

log = logging.getLogger(__name__)

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
        with run_noted(file, mode_of(file), has_ended=lambda: _is_idle(store)):
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
        lock = acquired(Path(f"{file}.lock" if work == RUN else f"{file}.{work}.lock"), mode_of(file))
    except OSError as error:
        raise StoreUnreachable(store.name, f"its lock cannot be created ({error.strerror})") from error
    if lock is None:
        yield False
        return
    try:
        if store.is_on_server:
            with server_lock(store, work, place=place_of(file)) as is_mine:
                yield is_mine
        else:
            yield True
    finally:
        lock.release()


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

"""The lock that allows one run at a time on a database, and that ends with its process.

The one rule: while a process holds the lock, every other run that is stored as running has died.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from db.engine import Store
from db.errors import StoreUnreachable
from db.write.runs import mark_died, running
from tagger.core.errors import RunInProgress

log = logging.getLogger(__name__)


@contextmanager
def run_lock(store: Store) -> Iterator[None]:
    """Lock a store for a run, by whatever path it is opened; mark runs that died.

    Args:
        store: the one to lock.

    Raises:
        RunInProgress: another run has the store; the message says which, and since when.
    """
    from filelock import FileLock, Timeout  # commands that only read the store do not need it

    lock = FileLock(f"{os.path.realpath(store.file)}.lock", timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise RunInProgress(store.file, _holder(store)) from error
    except OSError as error:
        raise StoreUnreachable(store.file, f"its lock cannot be made ({error.strerror})") from error
    try:
        with store.write() as connection:
            died = mark_died(connection)
        for run in died:
            log.warning("Run %d died: %s", run.id, run)
        yield
    finally:
        lock.release()


def _holder(store: Store) -> str:
    with store.read() as connection:
        run = running(connection)
    return str(run) if run else "it is just starting"

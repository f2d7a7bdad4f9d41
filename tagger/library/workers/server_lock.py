"""A lock of a store that several machines use: a row that its holder renews."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from db.engine import Store
from db.write.shared.run_lock import free_lock, renew_lock, take_lock
from tagger.core.errors import StoreError
from tagger.library.workers.heartbeat import Heartbeat

log = logging.getLogger(__name__)

LEASE_S = 60.0  # how long a lock outlives a process that dies


@contextmanager
def server_lock(store: Store, name: str, *, lease_s: float = LEASE_S) -> Iterator[bool]:
    """Take a lock if it is free, and keep it until the context ends.

    Args:
        store: of the lock.
        name: what the lock is for.
        lease_s: how long it outlives a process that dies.

    Yields:
        Whether this process has it.
    """
    holder = secrets.token_hex(8)

    def renew() -> bool:
        with store.write() as connection:
            return renew_lock(connection, name, holder=holder, lease_s=lease_s)

    def report_loss() -> None:
        log.error("The database was out of reach for %g s: another process may have started this work again", lease_s)

    with store.write() as connection:
        is_mine = take_lock(connection, name, holder=holder, lease_s=lease_s)
    if not is_mine:
        yield False
        return
    try:
        with Heartbeat(renew, lease_s=lease_s, on_loss=report_loss):
            yield True
    finally:
        with suppress(StoreError), store.write() as connection:
            free_lock(connection, name, holder=holder)

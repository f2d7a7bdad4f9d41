"""A lock of a store that several machines use: a row that its holder renews."""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from db.engine import Store
from db.write.shared import run_lock
from tagger.core.errors import StoreError
from tagger.library.workers.heartbeat import Heartbeat

log = logging.getLogger(__name__)

LEASE_S = 60.0  # how long a lock outlives a machine that dies


@contextmanager
def server_lock(
    store: Store,
    name: str,
    *,
    place: str | None = None,
    lease_s: float = LEASE_S,
    on_loss: Callable[[], object] = lambda: None,
) -> Iterator[bool]:
    """Take a lock if it is free, and keep it until the context ends.

    Args:
        store: of the lock.
        name: what the lock is for.
        place: where this process alone may take it, since it has the system's lock there. The row of an earlier process
            there is that of a dead one. By default, nothing is known about earlier processes.
        lease_s: how long the lock outlives a machine that dies.
        on_loss: called in a thread if another process has taken it.

    Yields:
        Whether this process has it.
    """
    holder = f"{place or secrets.token_hex(8)} {secrets.token_hex(8)} {process_text()}"

    def renew() -> bool:
        with store.write() as connection:
            return run_lock.renew_lock(connection, name, holder=holder, lease_s=lease_s)

    def report_loss() -> None:
        log.error("The database was out of reach for %g s: another process may have started this work again", lease_s)
        on_loss()

    with store.write() as connection:
        is_mine = run_lock.take_lock(connection, name, holder=holder, lease_s=lease_s)
    if not is_mine:
        yield False
        return
    try:
        with Heartbeat(renew, lease_s=lease_s, on_loss=report_loss):
            yield True
    finally:
        with suppress(StoreError), store.write() as connection:
            run_lock.free_lock(connection, name, holder=holder)


def lock_holder(store: Store, name: str) -> str:
    """Which process has a lock, and since when."""
    with store.read() as connection:
        return run_lock.lock_holder(connection, name) or "it has just ended"


def process_text() -> str:
    """This process, for another one's message."""
    return f"process {os.getpid()} on {socket.gethostname()}, since {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"

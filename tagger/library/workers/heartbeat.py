"""A thread that renews a lease while its process works."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tagger.core.errors import StoreError

log = logging.getLogger(__name__)

BEATS = 4  # renewals in the time after which a lease expires


class Heartbeat:
    """Renews a lease until the context ends, or until it belongs to nobody any more.

    Args:
        renew: called in a thread; whether the lease is still this process's.
        lease_s: the time after which the lease expires.
        on_loss: called once if it is lost.
    """

    def __init__(self, renew: Callable[[], bool], *, lease_s: float, on_loss: Callable[[], None]) -> None:
        self._renew = renew
        self._every_s = lease_s / BEATS
        self._on_loss = on_loss
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._ended.wait(self._every_s):
            try:
                if not self._renew():
                    self._on_loss()
                    return
            except StoreError as error:
                log.warning("The lease could not be renewed: %s", error)

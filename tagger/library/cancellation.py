"""How a run ends when somebody asks it to stop, whatever it is doing.

The one rule: a photo that fails after the stop failed because of it, so that failure is not an answer.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tagger.image.decoder_pool import DecoderPool

POLL_S = 0.2


class Cancelled(Exception):
    """The run was asked to stop; it is stored as interrupted."""


def raise_if_cancelled(stop: threading.Event) -> None:
    """Check between two steps of a run.

    Args:
        stop: set if the run was asked to stop.

    Raises:
        Cancelled: it was.
    """
    if stop.is_set():
        raise Cancelled


@contextmanager
def cancel_pool_on(stop: threading.Event, decoders: DecoderPool | None) -> Iterator[None]:
    """End the decoders when the run is asked to stop, so that a photo that hangs in one does not delay the end.

    Args:
        stop: set if the run was asked to stop.
        decoders: None if threads decode; they cannot be ended.
    """
    if decoders is None:
        yield
        return
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(POLL_S):
            if stop.is_set():
                decoders.abandon()
                return

    watcher = threading.Thread(target=watch, name="stop", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        is_over.set()
        watcher.join()

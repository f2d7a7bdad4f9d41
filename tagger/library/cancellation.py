"""An end that somebody asks a run for, wherever it is.

The one rule: what fails after a stop failed because of it, and is no answer.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tagger.image.decoder_pool import DecoderPool

LOOK_S = 0.2


class Cancelled(KeyboardInterrupt):
    """The run was asked to stop; on record that is an end by hand."""


def raise_if_cancelled(stop: threading.Event) -> None:
    """Raises:
    Stopped: it is set.
    """
    if stop.is_set():
        raise Cancelled


@contextmanager
def cancel_pool_on(stop: threading.Event, decoders: DecoderPool | None) -> Iterator[None]:
    """Decoders end with a stop; else a photo that hangs in one would hold it up for as long as a photo may take."""
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(LOOK_S):
            if stop.is_set() and decoders:
                decoders.abandon()
                return

    looking = threading.Thread(target=look, name="stop", daemon=True)
    looking.start()
    try:
        yield
    finally:
        is_over.set()
        looking.join()

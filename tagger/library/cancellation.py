"""How a run ends when somebody asks it to stop, whatever it is doing.

The one rule: a photo that fails after the stop failed because of it, so that failure is not an answer.
"""

from __future__ import annotations

import threading


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

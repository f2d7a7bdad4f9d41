"""What Ctrl-C, SIGTERM and a closed terminal do to a command."""

from __future__ import annotations

import logging
import signal
import threading
from contextlib import suppress

log = logging.getLogger(__name__)

HANG_UP = signal.SIGHUP  # handled once: a shell that ends sends it, and then its terminal does


def interrupt_on_signals() -> list[int]:
    """End the command by KeyboardInterrupt, as Ctrl-C does, on SIGTERM and on SIGHUP of a closed terminal.

    Returns:
        The signals that came. Python drops an exception that is raised in a destructor or a callback, so code that
        goes on in spite of the interrupt checks this list.
    """
    received: list[int] = []

    def handle(number: int, _frame: object) -> None:
        received.append(number)
        if number == HANG_UP:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in _signals():
        signal.signal(number, handle)
    return received


def stop_on_signals(stop: threading.Event) -> None:
    """Set an event on SIGTERM, Ctrl-C and SIGHUP; a second Ctrl-C or SIGTERM ends the process at once."""

    def handle(number: int, _frame: object) -> None:
        stop.set()
        signal.signal(number, signal.SIG_IGN if number == HANG_UP else signal.SIG_DFL)
        with suppress(RuntimeError):  # the signal came while a line was being written
            log.info("Stopping once the work in progress is done; interrupt again to stop at once")

    for number in _signals():
        signal.signal(number, handle)


def _signals() -> list[int]:
    """The signals that ask for an end; not SIGHUP if the command was started to outlive its terminal."""
    is_ignored = signal.getsignal(HANG_UP) == signal.SIG_IGN
    return [signal.SIGTERM, signal.SIGINT, *([] if is_ignored else [HANG_UP])]

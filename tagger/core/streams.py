"""The streams of a process, made safe to write to, whoever started it and whoever reads them."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress

PIPE_CLOSED = 141  # exit code if nobody reads any more, as shells report a process that SIGPIPE ended


def prepare_streams() -> None:
    """Make stdout and stderr safe to write to, whatever the terminal and the caller are."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # closed by the caller: the next file, perhaps the database, would take its number
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or _to_nowhere()
    sys.stderr = sys.stderr or _to_nowhere()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names have letters that the encoding may lack


def drop_output() -> None:
    """Discard output that cannot be written; otherwise the interpreter complains about it when it exits."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with suppress(OSError), open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())


def _to_nowhere() -> io.TextIOWrapper:
    return open(os.devnull, "w", encoding="utf-8")

"""Why a run died: only a death that a photo may have caused counts against the photos in progress.

While a run is in progress, a note beside the database says how often the system has been short of memory. A run that
ends by itself, and cannot store that, can still empty its note.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

VIRTUAL_MEMORY = Path("/proc/vmstat")
START = Path("/proc/sys/kernel/random/boot_id")  # differs after each start of the machine


@contextmanager
def run_noted(database: str, mode: int, *, has_ended: Callable[[], bool]) -> Iterator[None]:
    """Keep a note beside the database while a run is in progress.

    Args:
        database: the path of its file.
        mode: of the note.
        has_ended: called at the end; whether the run's end is stored.
    """
    note = _note(database)
    with suppress(OSError):
        note.touch(mode)
        note.write_text(memory_kills())
    try:
        yield
    finally:
        with suppress(OSError):
            if has_ended():
                note.unlink(missing_ok=True)
            else:
                os.truncate(note, 0)


def photos_are_suspect(database: str) -> bool:
    """Whether a photo may have killed the last run: it did not end by itself, and the system had memory."""
    try:
        kills_before = _note(database).read_text()
    except (OSError, ValueError):
        return True
    return bool(kills_before) and not was_short_of_memory(kills_before)


def was_short_of_memory(kills_before: str) -> bool:
    """Whether this machine has killed a process to free memory since `memory_kills` returned this."""
    start_before, _, count_before = kills_before.partition(" ")
    start, _, count = memory_kills().partition(" ")
    return start == start_before and count != count_before


def _note(database: str) -> Path:
    return Path(f"{os.path.realpath(database)}.run.lock")  # a suffix that a scan knows


def memory_kills() -> str:
    """This start of the machine, and how many processes the kernel has killed since then to free memory."""
    try:
        counters = dict(line.split() for line in VIRTUAL_MEMORY.read_text().splitlines())
        return f"{START.read_text().strip()} {counters['oom_kill']}"
    except (OSError, ValueError, KeyError):
        return "unknown 0"  # not on Linux

"""Files that somebody may still be writing.

The one rule: a file is complete when its size and time have stood still for a while. Nobody says when a copy over the
network is done; it just ends.
"""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(slots=True)
class _Waiting:
    size_bytes: int
    mtime_ns: int
    since: float


class Debouncer:
    """Args:
    settle_s: how long a file must stand still.
    """

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._waiting: dict[str, _Waiting] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, path: str, *, now: float) -> None:
        """Something happened to a file.

        Args:
            now: seconds of a clock that never jumps.
        """
        if (looked := _look(path)) is None:
            self._waiting.pop(path, None)
        else:
            self._waiting[path] = _Waiting(*looked, now)

    def settled(self, *, now: float) -> list[str]:
        """The files that are complete, by name; each is told once."""
        done = [path for path in sorted(self._waiting) if self._is_settled(path, now)]
        for path in done:
            del self._waiting[path]
        return done

    def _is_settled(self, path: str, now: float) -> bool:
        waiting, looked = self._waiting[path], _look(path)
        if looked is None:
            del self._waiting[path]
            return False
        if looked != (waiting.size_bytes, waiting.mtime_ns):
            self._waiting[path] = _Waiting(*looked, now)
            return False
        return now - waiting.since >= self._settle_s


def _look(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns

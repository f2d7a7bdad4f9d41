"""Files that somebody may still be writing.

The one rule: a file is complete when its size and time have not changed for a while. Nothing announces that a copy
over the network is done; it just ends.
"""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(slots=True)
class _Pending:
    size_bytes: int
    mtime_ns: int
    since: float


class Debouncer:
    """Collects changed files, and gives out those that are complete.

    Args:
        settle_s: how long a file must stay unchanged.
    """

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._pending: dict[str, _Pending] = {}

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, path: str, *, now: float) -> None:
        """A file was created or changed.

        Args:
            path: of the file.
            now: seconds of a monotonic clock.
        """
        if (stat := _size_and_time(path)) is None:
            self._pending.pop(path, None)
        else:
            self._pending[path] = _Pending(*stat, now)

    def settled(self, *, now: float) -> list[str]:
        """The files that are complete, sorted; each is given out once."""
        done = [path for path in sorted(self._pending) if self._is_settled(path, now)]
        for path in done:
            del self._pending[path]
        return done

    def _is_settled(self, path: str, now: float) -> bool:
        pending, stat = self._pending[path], _size_and_time(path)
        if stat is None:
            del self._pending[path]
            return False
        if stat != (pending.size_bytes, pending.mtime_ns):
            self._pending[path] = _Pending(*stat, now)
            return False
        return now - pending.since >= self._settle_s


def _size_and_time(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns

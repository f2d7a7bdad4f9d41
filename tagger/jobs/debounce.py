"""Wait until changed files are complete, and deleted ones stay away.

The one rule: a file is complete when its size and time have not changed for a while, since no event marks the end of a
copy over the network. A program may delete a file to save it again, so a deletion counts only after the same while.
"""

from __future__ import annotations

import os


class Debouncer:
    """Collects changed and deleted files, and returns those that have settled.

    Args:
        settle_s: how long a file must stay unchanged, or away.
    """

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._pending: dict[str, tuple[tuple[int, int] | None, float]] = {}

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, path: str, *, now: float) -> None:
        """Add a file that was created, changed or deleted.

        Args:
            path: of the file, or of a deleted folder.
            now: seconds of a monotonic clock.
        """
        self._pending[path] = _size_and_time(path), now

    def settled(self, *, now: float) -> list[str]:
        """The paths that have settled, sorted; each is returned once.

        A file that vanishes while it changes is dropped: its deletion is added separately.
        """
        complete = []
        for path, (state, since) in sorted(self._pending.items()):
            current = _size_and_time(path)
            if current is None and state is not None:
                del self._pending[path]
            elif current != state:
                self._pending[path] = current, now
            elif now - since >= self._settle_s:
                del self._pending[path]
                complete.append(path)
        return complete


def _size_and_time(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns

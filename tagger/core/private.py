"""Files that only this user may read."""

from __future__ import annotations

import os


def private(path: str, flags: int) -> int:
    """Open a file; a new one is private. For the argument ``opener`` of `open`."""
    return os.open(path, flags, 0o600)

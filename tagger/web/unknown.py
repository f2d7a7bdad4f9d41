"""Groups of photos of places that nobody has named, as the gallery keeps them.

The one rule: they are found by one thread at a time, among so many photos that this takes seconds.
"""

from __future__ import annotations

import threading
import time

from db.engine import Store
from db.taught.places import taught_version
from tagger.library.taught.unknown import UnknownPlace, unknown_places
from tagger.model.bundle import Bundle

MOST_COMPARED = 20_000  # photos: all pairs of them are compared
KEPT_S = 600.0


class UnknownPlaces:
    """The groups of photos of places without a name, kept for some minutes, or until people teach or decide."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # one thread at a time finds them, and the others wait for that
        self._found: list[UnknownPlace] = []
        self._found_at: tuple[int, int] | None = None  # what was taught and decided by then
        self._changes = 0
        self._until = 0.0

    def find(self, store: Store, bundle: Bundle) -> list[UnknownPlace]:
        """The groups, those with the most photos first. Takes seconds in a large library."""
        with self._lock:
            with store.read() as connection:
                now = (taught_version(connection), self._changes)
            if now != self._found_at or time.monotonic() > self._until:
                self._found = unknown_places(store, bundle, most=MOST_COMPARED)
                self._found_at, self._until = now, time.monotonic() + KEPT_S
            return self._found

    def forget(self) -> None:
        """Find them anew when they are asked for again, since somebody has decided about photos."""
        self._changes += 1

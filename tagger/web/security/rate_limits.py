"""How often a client may ask: a bucket that fills with time, and from which each request takes."""

from __future__ import annotations

import time
from collections import OrderedDict

from tagger.web.security.addresses import client_network

MAX_CLIENTS = 10_000


class RateLimit:
    """Limits requests by client.

    Args:
        per_min: how many a minute; also the most at once. 0 is no limit.
    """

    def __init__(self, per_min: int) -> None:
        self._per_min = per_min
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()  # requests left, at which moment

    def wait_s(self, client: str) -> int | None:
        """Count a request; the seconds after which a client may ask again if it asks too often.

        Args:
            client: its address; those of an IPv6 network of one household count as one.
        """
        if not self._per_min:
            return None
        client = client_network(client)
        now = time.monotonic()
        level, since = self._levels.pop(client, (float(self._per_min), now))
        level = min(self._per_min, level + (now - since) * self._per_min / 60)
        self._levels[client] = (level - 1 if level >= 1 else level, now)
        while len(self._levels) > MAX_CLIENTS:
            self._levels.popitem(last=False)
        return None if level >= 1 else max(1, round((1 - level) * 60 / self._per_min))

"""Holds calls back while the server is down, so that an outage costs few calls and ends for all chats at once."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Hashable

from telegram.error import NetworkError, TelegramError

from tagger.bot.transport.retry import is_outage

log = logging.getLogger(__name__)

TRIP_AT = 3  # chats or files whose calls failed one after another; with fewer, the chats may be at fault
FIRST_PROBE_S, MAX_PROBE_S = 1.0, 4.0  # pauses between probes


class CircuitBreaker:
    """Opens when calls for several chats have failed without a success in between; probes until the server answers."""

    def __init__(self) -> None:
        self._probe: Callable[[], Awaitable[object]] | None = None
        self._failed: set[Hashable] = set()
        self._closed = asyncio.Event()
        self._closed.set()
        self._probing: asyncio.Task[None] | None = None

    def set_probe(self, probe: Callable[[], Awaitable[object]]) -> None:
        """Set the call that finds out whether the server is up."""
        self._probe = probe

    @property
    def is_open(self) -> bool:
        return not self._closed.is_set()

    async def wait(self) -> None:
        """Wait until the server is up, as far as is known."""
        await self._closed.wait()

    def refuse_if_open(self) -> None:
        """Raise NetworkError if the server is down, for calls that are not worth waiting for."""
        if self.is_open:
            raise NetworkError("the server is down")

    def succeeded(self) -> None:
        self._failed.clear()

    def failed(self, error: TelegramError, subject: Hashable) -> None:
        """Note a failed call.

        Args:
            error: why it failed; a refusal or a 429 shows that the server is up.
            subject: the chat or file that the call was about.
        """
        if not is_outage(error):
            self.succeeded()
            return
        self._failed.add(subject)
        if len(self._failed) >= TRIP_AT and self._probe is not None and not self.is_open:
            self._closed.clear()
            self._probing = asyncio.create_task(self._probe_until_up(self._probe))

    def close(self) -> None:
        """Stop probing."""
        if self._probing is not None:
            self._probing.cancel()

    async def _probe_until_up(self, probe: Callable[[], Awaitable[object]]) -> None:
        pause_s, failures = FIRST_PROBE_S, 0
        while True:
            try:
                await probe()
                break
            except TelegramError as error:
                if not is_outage(error):
                    break
                failures += 1
                if failures == 1:
                    log.warning("The Bot API server is down (%s); everything waits for it", error)
            await asyncio.sleep(pause_s * random.uniform(0.75, 1.0))
            pause_s = min(2 * pause_s, MAX_PROBE_S)
        if failures:
            log.info("The Bot API server is up again")
        self._failed.clear()
        self._closed.set()

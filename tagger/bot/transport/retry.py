"""Which failed calls may succeed later, whether a failed call may have taken effect, and how long to wait.

A call that is merely late is repeated for as long as it takes; a call that was refused is not repeated.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import TypeVar

from telegram.error import BadRequest, Conflict, NetworkError, RetryAfter, TelegramError, TimedOut

log = logging.getLogger(__name__)

T = TypeVar("T")
MIN_DELAY_S, MAX_DELAY_S = 0.3, 8.0  # between two attempts
GROWTH = 3
WARN_AT = (4, 8)  # attempts
WARN_EVERY = 16
GATEWAY_TIMEOUT = 504


class NotDelivered(NetworkError):
    """The server certainly never saw the request: there was no connection, or a proxy found no server behind it."""


class ServerError(NetworkError):
    """The server answered with a 5xx.

    Attributes:
        status: the HTTP status.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"the server answered {status}")
        self.status = status


def is_transient(error: TelegramError) -> bool:
    """Whether the same call may succeed later."""
    if _is_unreadable(error):
        return True
    return isinstance(error, RetryAfter | NetworkError | Conflict) and not isinstance(error, BadRequest)


def is_outage(error: TelegramError) -> bool:
    """Whether the server, or the way to it, failed rather than this one call."""
    return isinstance(error, NetworkError) and not isinstance(error, BadRequest)


def may_have_arrived(error: TelegramError) -> bool:
    """Whether the server may have carried out the call although it failed."""
    if _is_unreadable(error):
        return True
    return is_outage(error) and not isinstance(error, NotDelivered)


def may_still_arrive(error: TelegramError) -> bool:
    """Whether the server may be working on the call after it failed here."""
    if isinstance(error, ServerError):
        return error.status == GATEWAY_TIMEOUT
    return isinstance(error, TimedOut)


def retry_after_s(error: RetryAfter) -> float:
    """Seconds until the server accepts calls from the bot again."""
    seconds = error.retry_after
    return seconds.total_seconds() if isinstance(seconds, timedelta) else seconds


def backoff_delays() -> Iterator[float]:
    """Seconds to wait, three times as long each time, up to `MAX_DELAY_S`."""
    delay_s = MIN_DELAY_S
    while True:
        yield delay_s * random.uniform(0.75, 1.25)
        delay_s = min(GROWTH * delay_s, MAX_DELAY_S)


async def back_off(error: TelegramError, delay_s: float) -> None:
    """Wait after a transient error: as long as the server asks for, else `delay_s`."""
    seconds = retry_after_s(error) + 0.1 if isinstance(error, RetryAfter) else delay_s
    log.debug("%s: waiting %.1f s", type(error).__name__, seconds)
    await asyncio.sleep(seconds)


async def with_retries(call: Callable[[], Awaitable[T]], *, tries: int | None = None) -> T:
    """The result of a call that may safely be repeated.

    Args:
        call: makes a new request each time.
        tries: the most attempts; None means no limit.

    Raises:
        TelegramError: the call was refused, or the last attempt failed.
    """
    for number, delay_s in enumerate(backoff_delays(), start=1):
        try:
            return await call()
        except TelegramError as error:
            if not is_transient(error) or number == tries:
                raise
            if number in WARN_AT or number % WARN_EVERY == 0:
                reason = "timed out" if isinstance(error, TimedOut) else error
                log.warning("Telegram does not answer (%s); still trying", reason)
            await back_off(error, delay_s)
    raise AssertionError("the delays never end")


def _is_unreadable(error: TelegramError) -> bool:
    """Whether the response was not valid JSON; the library has no class for that."""
    return type(error) is TelegramError and "Invalid server response" in error.message

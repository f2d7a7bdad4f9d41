"""When to repeat a call to Telegram, and how long to wait before that.

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

from tagger.bot.transport.client import NEVER_SENT

log = logging.getLogger(__name__)

T = TypeVar("T")
MIN_DELAY_S, MAX_DELAY_S = 0.2, 20.0


def is_transient(error: TelegramError) -> bool:
    """Whether the same call may succeed later."""
    if _is_unreadable(error):
        return True
    return isinstance(error, RetryAfter | NetworkError | Conflict) and not isinstance(error, BadRequest)


def may_have_arrived(error: TelegramError) -> bool:
    """Whether Telegram may have carried out the call although it failed."""
    if _is_unreadable(error):
        return True
    if isinstance(error, RetryAfter) or not isinstance(error, NetworkError):
        return False
    return not isinstance(error, BadRequest) and not str(error).startswith(NEVER_SENT)


def _is_unreadable(error: TelegramError) -> bool:
    """Whether the response was not valid JSON; the library has no class for that."""
    return type(error) is TelegramError and "Invalid server response" in error.message


def backoff_delays() -> Iterator[float]:
    """Seconds to wait, about twice as long each time, up to `MAX_DELAY_S`."""
    delay_s = MIN_DELAY_S
    while True:
        yield delay_s * random.uniform(0.75, 1.25)
        delay_s = min(2 * delay_s, MAX_DELAY_S)


async def back_off(error: TelegramError, delay_s: float) -> None:
    """Wait after a transient error: as long as Telegram asks for, else `delay_s`."""
    seconds = _retry_after_s(error) + 0.1 if isinstance(error, RetryAfter) else delay_s
    log.debug("%s: waiting %.1f s", type(error).__name__, seconds)
    await asyncio.sleep(seconds)


async def with_retries(call: Callable[[], Awaitable[T]], *, tries: int | None = None) -> T:
    """The result of a call that may safely be repeated.

    Args:
        call: makes the request anew each time.
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
            if number in (4, 8) or number % 16 == 0:
                reason = "timed out" if isinstance(error, TimedOut) else error
                log.warning("Telegram does not answer (%s); still trying", reason)
            await back_off(error, delay_s)
    raise AssertionError("the delays never end")


def _retry_after_s(error: RetryAfter) -> float:
    seconds = error.retry_after
    return seconds.total_seconds() if isinstance(seconds, timedelta) else seconds

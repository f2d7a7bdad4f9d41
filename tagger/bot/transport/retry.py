"""How long to wait when Telegram, or the way to it, does not answer.

The one rule: what is only late is waited for, for as long as it takes; what is refused is not asked again.
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
FIRST_S, LONGEST_S = 0.2, 20.0


def is_late(error: TelegramError) -> bool:
    """Whether the same call may succeed later."""
    if _is_unreadable(error):
        return True
    return isinstance(error, RetryAfter | NetworkError | Conflict) and not isinstance(error, BadRequest)


def may_have_arrived(error: TelegramError) -> bool:
    """Whether Telegram may have done what it was asked although the call failed."""
    if _is_unreadable(error):
        return True
    if isinstance(error, RetryAfter) or not isinstance(error, NetworkError):
        return False
    return not isinstance(error, BadRequest) and not str(error).startswith(NEVER_SENT)


def _is_unreadable(error: TelegramError) -> bool:
    """Whether an answer came that is none; the library has no class of its own for that."""
    return type(error) is TelegramError and "Invalid server response" in error.message


def pauses() -> Iterator[float]:
    """Seconds, each pause about twice as long as the last, none over `LONGEST_S`."""
    pause = FIRST_S
    while True:
        yield pause * random.uniform(0.75, 1.25)
        pause = min(2 * pause, LONGEST_S)


async def rest(error: TelegramError, pause: float) -> None:
    """Wait after a late answer: as long as Telegram says, else a pause."""
    seconds = _told(error) + 0.1 if isinstance(error, RetryAfter) else pause
    log.debug("%s: waiting %.1f s", type(error).__name__, seconds)
    await asyncio.sleep(seconds)


async def with_retries(call: Callable[[], Awaitable[T]], *, tries: int | None = None) -> T:
    """The result of a call that may be repeated without harm.

    Args:
        tries: at most as many; None is without end.

    Raises:
        TelegramError: it was refused, or was late once too often.
    """
    for number, pause in enumerate(pauses(), start=1):
        try:
            return await call()
        except TelegramError as error:
            if not is_late(error) or number == tries:
                raise
            if number in (4, 8) or number % 16 == 0:
                log.warning("Telegram does not answer (%s); still trying", _short(error))
            await rest(error, pause)
    raise AssertionError("pauses end")


def _told(error: RetryAfter) -> float:
    seconds = error.retry_after
    return seconds.total_seconds() if isinstance(seconds, timedelta) else seconds


def _short(error: TelegramError) -> str:
    return "timed out" if isinstance(error, TimedOut) else str(error)

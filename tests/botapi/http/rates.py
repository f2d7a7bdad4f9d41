"""Telegram's limits on how fast a bot may write, as token buckets.

Source:
    https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this: in one chat one message a second
    (short bursts are let through), in a group 20 a minute, over all chats 30 a second.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Bucket:
    """A token bucket that refills evenly."""

    size: float
    per_s: float
    level: float = 0.0
    at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.level = self.size

    def wait_s(self) -> float:
        """Seconds until one more message is allowed; 0 means now."""
        now = time.monotonic()
        self.level = min(self.size, self.level + (now - self.at) * self.per_s)
        self.at = now
        return max(0.0, (1 - self.level) / self.per_s)


@dataclass(slots=True)
class Rates:
    """The buckets of every chat and of the bot."""

    per_chat_s: float = 1
    chat_burst: int = 5
    per_group_minute: float = 20
    all_per_s: float = 30
    _buckets: dict[int | None, Bucket] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def over(self, method: str, chat_id: int | None) -> int:
        """Count a call and return 0, or return its retry_after in seconds if it comes too early."""
        if chat_id is None or method == "sendChatAction" or not method.startswith(("send", "edit")):
            return 0
        with self._lock:
            buckets = [self._bucket(None), self._bucket(chat_id)]
            wait_s = max(bucket.wait_s() for bucket in buckets)
            if wait_s == 0:
                for bucket in buckets:
                    bucket.level -= 1
            return math.ceil(wait_s)

    def _bucket(self, chat_id: int | None) -> Bucket:
        if chat_id not in self._buckets:
            self._buckets[chat_id] = self._new(chat_id)
        return self._buckets[chat_id]

    def _new(self, chat_id: int | None) -> Bucket:
        if chat_id is None:
            return Bucket(self.all_per_s, self.all_per_s)
        if chat_id < 0:  # a group
            return Bucket(self.per_group_minute, self.per_group_minute / 60)
        return Bucket(self.chat_burst, self.per_chat_s)

"""How fast the bot calls Telegram: limits for each chat and for all chats together.

The one rule: what Telegram asks of one chat delays only that chat. A 429 pauses the chat of the call. A 429 on a toast,
"typing" or an inline query pauses nobody, because these calls are never repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from contextvars import ContextVar
from typing import Any

from aiolimiter import AsyncLimiter
from telegram.error import RetryAfter, TelegramError
from telegram.ext import BaseRateLimiter

from tagger.bot.transport.circuit_breaker import CircuitBreaker
from tagger.bot.transport.retry import retry_after_s

GROUP_RATE = (20, 60.0)  # messages that Telegram accepts in a group, and in how many seconds
PRIVATE_RATE = (20, 20.0)  # Telegram: one message a second in a private chat; short bursts are let through
MAX_LIMITERS = 512  # beyond that, those of quiet chats are dropped
UNIMPORTANT = ("answerCallbackQuery", "answerInlineQuery", "sendChatAction")

BeforeRequest = Callable[[], None]
before_request: ContextVar[BeforeRequest | None] = ContextVar("before_request", default=None)


class ChatRateLimiter(BaseRateLimiter[BeforeRequest]):
    """The library's hook around each call but `getUpdates`.

    A call's `rate_limit_args` is a function to call right before the request leaves; the client finds it in
    `before_request`.

    Args:
        breaker: holds calls back while the server is down.
        max_per_s: messages to all chats together; 0 means no limits but those that 429s set.
    """

    def __init__(self, breaker: CircuitBreaker, max_per_s: float = 0) -> None:
        self.breaker = breaker
        self._all = AsyncLimiter(max_per_s, 1) if max_per_s else None
        self._chats: dict[int | str, AsyncLimiter] = {}
        self._paused_until: dict[int | str, float] = {}  # by chat, on the event loop's clock

    async def initialize(self) -> None:
        pass

    async def shutdown(self) -> None:
        self.breaker.close()

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Any]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: BeforeRequest | None,
    ) -> Any:
        chat_id = data.get("chat_id")
        if endpoint in UNIMPORTANT:
            self.breaker.refuse_if_open()
            if (left_s := self._pause_s(chat_id)) > 0:
                raise RetryAfter(int(left_s) + 1)
            return await callback(*args, **kwargs)
        async with AsyncExitStack() as limits:
            if chat_id is not None:
                await self._enter(limits, chat_id)
            await self.breaker.wait()
            unset = before_request.set(rate_limit_args)
            try:
                return await self._call(callback, args, kwargs, chat_id, data)
            finally:
                before_request.reset(unset)

    async def _enter(self, limits: AsyncExitStack, chat_id: int | str) -> None:
        """Wait for the chat's turn and then for everybody's, so that a chat that waits takes no turn from others."""
        while (left_s := self._pause_s(chat_id)) > 0:
            await asyncio.sleep(left_s)
        if self._all is not None:
            await limits.enter_async_context(self._limiter(chat_id))
            await limits.enter_async_context(self._all)

    async def _call(
        self,
        callback: Callable[..., Coroutine[Any, Any, Any]],
        args: Any,
        kwargs: dict[str, Any],
        chat_id: int | str | None,
        data: dict[str, Any],
    ) -> Any:
        try:
            result = await callback(*args, **kwargs)
        except TelegramError as error:
            self.breaker.failed(error, chat_id or data.get("file_id"))
            if isinstance(error, RetryAfter) and chat_id is not None:
                self._paused_until[chat_id] = asyncio.get_running_loop().time() + retry_after_s(error)
            raise
        self.breaker.succeeded()
        return result

    def _pause_s(self, chat_id: int | str | None) -> float:
        """Seconds for which Telegram wants no calls for this chat."""
        if chat_id is None or (until := self._paused_until.get(chat_id)) is None:
            return 0.0
        left_s = until - asyncio.get_running_loop().time()
        if left_s <= 0:
            del self._paused_until[chat_id]
        return left_s

    def _limiter(self, chat_id: int | str) -> AsyncLimiter:
        if len(self._chats) > MAX_LIMITERS:
            self._chats = {chat: one for chat, one in self._chats.items() if not one.has_capacity(one.max_rate)}
        if chat_id not in self._chats:
            is_private = isinstance(chat_id, int) and chat_id > 0
            self._chats[chat_id] = AsyncLimiter(*(PRIVATE_RATE if is_private else GROUP_RATE))
        return self._chats[chat_id]

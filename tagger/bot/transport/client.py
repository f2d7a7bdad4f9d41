"""Calls to the Bot API, and when to repeat them.

There is one client for messages and one for files, so that a slow file delays no answer. A call that is merely late is
repeated for as long as it takes; a call that was refused is not repeated.

Every failure is one of the library's own errors, a request that was certainly never sent is recognisable,
and no error repeats a URL, because URLs contain the token.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from telegram.error import BadRequest, Conflict, NetworkError, RetryAfter, TelegramError, TimedOut
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import BaseRequest, RequestData

from tagger.config.settings import TELEGRAM, Settings

log = logging.getLogger(__name__)

T = TypeVar("T")
TELEGRAM_PER_S = 30  # messages that Telegram accepts from a bot
GROUP_PER_MIN = 20  # messages that Telegram accepts in one group
RATE_LIMITER_RETRIES = 3  # the sender retries after that
CONNECTIONS = 16
READ_S = 10.0
CONNECT_S = 10.0
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
FIRST_SERVER_ERROR = 500
MIN_DELAY_S, MAX_DELAY_S = 0.2, 20.0  # between two attempts
NEVER_SENT = "not connected"  # an error that begins like this came before anything was sent


class AiohttpRequest(BaseRequest):
    """A pool of open connections to one server.

    It replaces the library's own client, which needs more CPU time: see `python -m benchmarks bot_client`.
    """

    def __init__(self, root: str, connections: int = CONNECTIONS) -> None:
        self._proxy = _proxy(root)
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        return READ_S

    async def initialize(self) -> None:
        if self._session is None or self._session.closed:
            connector = aiohttp.TCPConnector(limit=self._connections)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = None,  # noqa: ARG002, like the next two: an open connection is either quick or broken
        connect_timeout: Any = None,  # noqa: ARG002
        pool_timeout: Any = None,  # noqa: ARG002
    ) -> tuple[int, bytes]:
        await self.initialize()
        assert self._session is not None
        read_s = READ_S if read_timeout is self.DEFAULT_NONE else read_timeout
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=read_s)
        body, headers = _form(request_data) if request_data else (None, None)
        try:
            async with self._session.request(
                method, url, data=body, headers=headers, timeout=timeout, proxy=self._proxy
            ) as response:
                content = await response.read()
                if response.status >= FIRST_SERVER_ERROR:  # the library would log a page of HTML as an error
                    raise NetworkError(f"the server answered {response.status}")
                return response.status, content
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError, aiohttp.ConnectionTimeoutError) as error:
            raise NetworkError(f"{NEVER_SENT} ({_without_url(error)})") from None
        except TimeoutError:
            raise TimedOut from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NetworkError(_without_url(error)) from None


class BotClient(ExtBot[Any]):
    """The library's bot, with a repr that hides the token.

    It hands out updates as raw JSON, so that one update that the library cannot parse does not hide the others.
    """

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    async def updates(
        self, *, timeout_s: int, allowed: Sequence[str], offset: int | None = None
    ) -> list[dict[str, Any]]:
        """Fetch the updates that have not been acknowledged.

        Args:
            timeout_s: how long the server waits for the first one.
            allowed: the kinds of update to fetch.
            offset: acknowledges all updates with lower numbers.
        """
        request = {"timeout": timeout_s, "allowed_updates": allowed, "offset": offset}
        updates: list[dict[str, Any]] = await self._post("getUpdates", request, read_timeout=READ_S + timeout_s)
        return updates

    async def send(self, message: dict[str, Any]) -> int:
        """Send a message without parsing the server's copy of it.

        Args:
            message: the parameters of `sendMessage`.

        Returns:
            The message's number.
        """
        sent = await self._post("sendMessage", message)
        return int(sent["message_id"])

    async def download(self, file_id: str, *, read_s: float) -> bytes:
        """Download a file without the two copies and two disk accesses of the library's own way."""
        path = str((await self._post("getFile", {"file_id": file_id}))["file_path"])
        if path.startswith("/") and os.path.isfile(path):  # a local Bot API server shares its disk
            return await asyncio.to_thread(Path(path).read_bytes)
        return await self.request.retrieve(f"{self.base_file_url}/{quote(path)}", read_timeout=read_s)


def create_bot(settings: Settings, token: str) -> BotClient:
    """The client for everything but files."""
    root = settings.bot_api_url.rstrip("/")
    rate = settings.bot_max_per_s
    if rate is None:
        rate = TELEGRAM_PER_S if root == TELEGRAM else 0
    limiter = AIORateLimiter(rate, group_max_rate=GROUP_PER_MIN if rate else 0, max_retries=RATE_LIMITER_RETRIES)
    return _client(root, token, limiter)


def create_file_client(settings: Settings, token: str) -> BotClient:
    """The client for files. It is never initialized, so shut down its `request` instead of the client."""
    return _client(settings.bot_api_url.rstrip("/"), token)


def _client(root: str, token: str, limiter: AIORateLimiter | None = None) -> BotClient:
    return BotClient(
        token,
        f"{root}/bot",
        f"{root}/file/bot",
        request=AiohttpRequest(root),
        get_updates_request=AiohttpRequest(root, 1),
        rate_limiter=limiter,
    )


def _proxy(root: str) -> str | None:
    """The proxy from the environment. aiohttp would look it up again for each request, in a thread."""
    url = urlsplit(root)
    return None if proxy_bypass(url.hostname or "") else getproxies().get(url.scheme)


def _form(request: RequestData) -> tuple[bytes | aiohttp.FormData, dict[str, str] | None]:
    """The body and its headers. aiohttp's form draws a random boundary, so it is used only for files."""
    if not request.multipart_data:
        return urlencode(request.json_parameters).encode(), FORM
    form = aiohttp.FormData(request.json_parameters)
    for name, (file_name, content, mime_type) in request.multipart_data.items():
        form.add_field(name, content, filename=file_name, content_type=mime_type)
    return form, None


def _without_url(error: Exception) -> str:
    """The system's message; of other errors only the class, because their messages may contain a URL."""
    is_plain = isinstance(error, OSError) and not isinstance(error, TimeoutError)
    return f"{type(error).__name__}: {error}" if is_plain else type(error).__name__


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

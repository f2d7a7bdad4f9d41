"""Calls to the Bot API.

There is one client for messages and one for files, so that a slow file delays no answer.

Every failure is one of the library's own errors; a request that the server certainly never saw is a `NotDelivered`,
and no error repeats a URL, because URLs contain the token.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from telegram import LinkPreviewOptions
from telegram.error import NetworkError, RetryAfter, TelegramError, TimedOut
from telegram.ext import Defaults, ExtBot
from telegram.request import BaseRequest, RequestData

from tagger.bot.transport.circuit_breaker import CircuitBreaker
from tagger.bot.transport.rate_limiter import BeforeRequest, ChatRateLimiter, before_request
from tagger.bot.transport.retry import NotDelivered, ServerError
from tagger.config.settings import TELEGRAM, Settings

TELEGRAM_PER_S = 30  # messages that Telegram accepts from a bot
CONNECTIONS = 256  # a slow server holds one for each chat
READ_S = 20.0
SEND_READ_S = (
    75.0  # a message that takes effect within a minute is waited for, because a second try would be a second one
)
CONNECT_S = 10.0
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TOO_MANY, FIRST_SERVER_ERROR = 429, 500
NO_SERVER = (502, 503)  # a proxy's: it reached no server


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
            trace = aiohttp.TraceConfig()
            trace.on_request_chunk_sent.append(_call_before_request)
            cookies = aiohttp.DummyCookieJar()
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=cookies, trace_configs=[trace])

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
                method,
                url,
                data=body,
                headers=headers,
                timeout=timeout,
                proxy=self._proxy,
                trace_request_ctx=before_request.get(),
            ) as response:
                content = await response.read()
                if response.status == TOO_MANY and b"retry_after" not in content:  # the library would not recognise it
                    raise RetryAfter(1)
                if response.status in NO_SERVER:
                    raise NotDelivered(f"the server answered {response.status}")
                if response.status >= FIRST_SERVER_ERROR:  # the library would log a page of HTML as an error
                    raise ServerError(response.status)
                return response.status, content
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError, aiohttp.ConnectionTimeoutError) as error:
            raise NotDelivered(f"not connected ({_without_url(error)})") from None
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
        self._breaker.succeeded()
        return updates

    async def probe(self) -> None:
        """Find out whether the server is up, past all limits."""
        await self.request.post(f"{self.base_url}/getMe")

    async def send(self, message: dict[str, Any], before: BeforeRequest | None = None) -> int:
        """Send a message without parsing the server's copy of it.

        Args:
            message: the parameters of `sendMessage`.
            before: called right before the request leaves, after all limits.

        Returns:
            The message's number.
        """
        limits = self._merge_api_rl_kwargs(None, before)
        sent = await self._post("sendMessage", message, read_timeout=SEND_READ_S, api_kwargs=limits)
        try:
            return int(sent["message_id"])
        except (TypeError, KeyError, ValueError):
            raise NetworkError("the server's copy of the message makes no sense") from None

    async def download(self, file_id: str, *, read_s: float) -> bytes:
        """Download a file without the two copies and two disk accesses that the library makes."""
        path = str((await self._post("getFile", {"file_id": file_id}))["file_path"])
        if path.startswith("/") and os.path.isfile(path):  # a local Bot API server shares its disk
            return await asyncio.to_thread(Path(path).read_bytes)
        await self._breaker.wait()
        try:
            content = await self.request.retrieve(f"{self.base_file_url}/{quote(path)}", read_timeout=read_s)
        except TelegramError as error:
            self._breaker.failed(error, file_id)
            raise
        self._breaker.succeeded()
        return content

    @property
    def _breaker(self) -> CircuitBreaker:
        assert isinstance(self.rate_limiter, ChatRateLimiter)
        return self.rate_limiter.breaker


def create_clients(settings: Settings, token: str) -> tuple[BotClient, BotClient]:
    """The client for everything but files, and the one for files.

    The latter is never initialized, so shut down its `request` instead of the client.
    """
    root = settings.bot_api_url.rstrip("/")
    rate = settings.bot_max_per_s
    if rate is None:
        rate = TELEGRAM_PER_S if root == TELEGRAM else 0
    breaker = CircuitBreaker()
    bot = _client(root, token, ChatRateLimiter(breaker, rate))
    breaker.set_probe(bot.probe)
    return bot, _client(root, token, ChatRateLimiter(breaker))


def _client(root: str, token: str, limiter: ChatRateLimiter) -> BotClient:
    return BotClient(
        token,
        f"{root}/bot",
        f"{root}/file/bot",
        request=AiohttpRequest(root),
        get_updates_request=AiohttpRequest(root, 1),
        rate_limiter=limiter,
        defaults=Defaults(link_preview_options=LinkPreviewOptions(is_disabled=True)),
    )


async def _call_before_request(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _chunk: aiohttp.TraceRequestChunkSentParams
) -> None:
    """aiohttp calls this with each part of a request's body, right before the first one leaves with the headers."""
    before, context.trace_request_ctx = context.trace_request_ctx, None
    if before is not None:
        before()


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

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
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError, TimedOut
from telegram.ext import Defaults, ExtBot
from telegram.request import BaseRequest, RequestData

from tagger.bot.render.error_texts import MAX_FILE_BYTES
from tagger.bot.transport.circuit_breaker import CircuitBreaker
from tagger.bot.transport.rate_limiter import BeforeRequest, ChatRateLimiter, before_request
from tagger.bot.transport.retry import NotDelivered, ServerError
from tagger.config.settings import TELEGRAM, Settings

TELEGRAM_PER_S = 30  # messages that Telegram accepts from a bot
CONNECTIONS = 256  # a slow server holds one for each chat
READ_S = 20.0
SEND_READ_S = 75.0  # a message that takes effect within a minute is waited for, not sent again
CONNECT_S = 10.0
MAX_RESPONSE_BYTES = 50_000_000  # of everything but files
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TOO_BIG = "file is too big"  # the Bot API's words
TOO_MANY, FIRST_SERVER_ERROR = 429, 500
NO_SERVER = (502, 503)  # a proxy's: it reached no server


class AiohttpRequest(BaseRequest):
    """A pool of open connections to one server.

    It replaces the library's own client, which needs more CPU time: see `python -m benchmarks bot_client`.

    Args:
        root: the server's root URL.
        connections: the most at a time.
        max_bytes: a longer response is not read to its end.
    """

    def __init__(self, root: str, connections: int = CONNECTIONS, *, max_bytes: int = MAX_RESPONSE_BYTES) -> None:
        self._proxy = _proxy(root)
        self._connections = connections
        self._max_bytes = max_bytes
        self._session: aiohttp.ClientSession | None = None
        self._is_shut = False

    @property
    def read_timeout(self) -> float:
        return READ_S

    async def initialize(self) -> None:
        if self._is_shut:
            raise NetworkError("the bot is stopping")
        if self._session is None or self._session.closed:
            connector = aiohttp.TCPConnector(limit=self._connections)
            trace = aiohttp.TraceConfig()
            trace.on_request_chunk_sent.append(_call_before_request)
            cookies = aiohttp.DummyCookieJar()
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=cookies, trace_configs=[trace])

    async def shutdown(self) -> None:
        self._is_shut = True  # a download that is tried again must open no new connections
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
                content = await self._read(response)
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

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        pieces, left = [], self._max_bytes
        async for piece in response.content.iter_any():
            pieces.append(piece)
            left -= len(piece)
            if left < 0:
                raise TelegramError(TOO_BIG)
        return b"".join(pieces)


class BotClient(ExtBot[Any]):
    """The library's bot, with a repr that hides the token.

    It hands out updates as raw JSON, so that one update that the library cannot parse does not hide the others.

    Args:
        token: the bot's.
        local_files: the only folder in which files named by the server are read from this machine's disk.
        max_file_bytes: a larger file is not read.
        **options: those of the library's bot.
    """

    def __init__(
        self,
        token: str,
        *,
        local_files: Path | None = None,
        max_file_bytes: int = MAX_RESPONSE_BYTES,
        **options: Any,
    ) -> None:
        super().__init__(token, **options)
        self._local_files = local_files
        self._max_file_bytes = max_file_bytes

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
        if self._local_files is not None and path.startswith("/"):
            return await asyncio.to_thread(_read_local, path, self._local_files, self._max_file_bytes)
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
    most = min(MAX_FILE_BYTES, settings.max_file_bytes)
    files = _client(root, token, ChatRateLimiter(breaker), max_file_bytes=most, local_files=settings.bot_api_files)
    return bot, files


def _client(
    root: str,
    token: str,
    limiter: ChatRateLimiter,
    *,
    max_file_bytes: int = MAX_RESPONSE_BYTES,
    local_files: Path | None = None,
) -> BotClient:
    return BotClient(
        token,
        local_files=local_files,
        max_file_bytes=max_file_bytes,
        base_url=f"{root}/bot",
        base_file_url=f"{root}/file/bot",
        request=AiohttpRequest(root, max_bytes=max_file_bytes),
        get_updates_request=AiohttpRequest(root, 1),
        rate_limiter=limiter,
        defaults=Defaults(link_preview_options=LinkPreviewOptions(is_disabled=True)),
    )


def _read_local(path: str, folder: Path, max_bytes: int) -> bytes:
    """Read a file that a local Bot API server has stored.

    Raises:
        BadRequest: it is not in the folder, cannot be read, or is too large.
    """
    real = os.path.realpath(path)
    if not Path(real).is_relative_to(os.path.realpath(folder)):
        raise BadRequest("the file is not in bot_api_files")
    try:
        with open(real, "rb") as file:
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise BadRequest(f"the file in bot_api_files cannot be read: {error.strerror}") from error
    if len(content) > max_bytes:
        raise BadRequest(TOO_BIG)
    return content


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

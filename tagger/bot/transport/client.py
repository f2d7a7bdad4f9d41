"""The way to the Bot API's server: one client for what is said, one for files, so that a slow file delays no answer.

The one rule: whatever goes wrong on the way is one of the library's own errors, a request that surely never left is
told from one whose answer was lost, and no error repeats a URL, since the token is in it. By aiohttp, since the
library's own client takes more of the processor's time: `python -m benchmarks.bot_client`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from telegram.error import NetworkError, TimedOut
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import BaseRequest, RequestData

from tagger.config.settings import TELEGRAM, Settings

TELEGRAMS_RATE = 30  # messages a second, which Telegram allows a bot
GROUP_RATE = 20  # messages a minute in one group, likewise
RETRIES = 3  # by the rate limiter; whoever sends goes on after that
CONNECTIONS = 16
READ_S = 10.0
CONNECT_S = 10.0
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SERVERS_FAULT = 500
NEVER_SENT = "not connected"  # begins the message of an error before anything was sent


class Client(BaseRequest):
    """Keeps connections to one server open and lends them out, first come, first served."""

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
        write_timeout: Any = None,  # noqa: ARG002, as the next two: an open connection is quick or broken
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
                if response.status >= SERVERS_FAULT:  # the library would log a page of HTML as an error of its own
                    raise NetworkError(f"the server answered {response.status}")
                return response.status, content
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError, aiohttp.ConnectionTimeoutError) as error:
            raise NetworkError(f"{NEVER_SENT} ({_why(error)})") from None
        except TimeoutError:
            raise TimedOut from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NetworkError(_why(error)) from None


class Link(ExtBot[Any]):
    """The library's bot, which keeps its token to itself, and hands out updates as they came: one that the library
    cannot read must not hide the others."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    async def updates(
        self, *, timeout_s: int, allowed: Sequence[str], offset: int | None = None
    ) -> list[dict[str, Any]]:
        """What happened and was not acknowledged; waits for that as long as the server is told to.

        Args:
            offset: acknowledges all updates with lower numbers.
        """
        given = {"timeout": timeout_s, "allowed_updates": allowed, "offset": offset}
        found: list[dict[str, Any]] = await self._post("getUpdates", given, read_timeout=READ_S + timeout_s)
        return found

    async def send(self, message: dict[str, Any]) -> int:
        """Args:
            message: what `sendMessage` takes.

        Returns:
            The message's number, without all else that the library would read of it.
        """
        sent = await self._post("sendMessage", message)
        return int(sent["message_id"])

    async def download(self, file_id: str, *, read_s: float) -> bytes:
        """A file, without the two copies and the two looks at the disk that the library takes for it."""
        path = str((await self._post("getFile", {"file_id": file_id}))["file_path"])
        if path.startswith("/") and os.path.isfile(path):  # of a server of one's own, on the same disk
            return await asyncio.to_thread(Path(path).read_bytes)
        return await self.request.retrieve(f"{self.base_file_url}/{quote(path)}", read_timeout=read_s)


def bot_of(settings: Settings, token: str) -> Link:
    """For everything that is said and asked."""
    root = settings.bot_api_url.rstrip("/")
    rate = settings.bot_max_per_s
    if rate is None:
        rate = TELEGRAMS_RATE if root == TELEGRAM else 0
    limiter = AIORateLimiter(rate, group_max_rate=GROUP_RATE if rate else 0, max_retries=RETRIES)
    return _link(root, token, limiter)


def files_of(settings: Settings, token: str) -> Link:
    """For files alone; to be shut down by its `request`, since it is never initialized."""
    return _link(settings.bot_api_url.rstrip("/"), token)


def _link(root: str, token: str, limiter: AIORateLimiter | None = None) -> Link:
    return Link(
        token,
        f"{root}/bot",
        f"{root}/file/bot",
        request=Client(root),
        get_updates_request=Client(root, 1),
        rate_limiter=limiter,
    )


def _proxy(root: str) -> str | None:
    """The one that the environment names. aiohttp can find it, too, but anew for each request, and in a thread."""
    place = urlsplit(root)
    return None if proxy_bypass(place.hostname or "") else getproxies().get(place.scheme)


def _form(request: RequestData) -> tuple[bytes | aiohttp.FormData, dict[str, str] | None]:
    """The body and its headers. aiohttp's form is for files: it draws a random boundary even where none is needed."""
    if not request.multipart_data:
        return urlencode(request.json_parameters).encode(), FORM
    form = aiohttp.FormData(request.json_parameters)
    for name, (file_name, content, mime_type) in request.multipart_data.items():
        form.add_field(name, content, filename=file_name, content_type=mime_type)
    return form, None


def _why(error: Exception) -> str:
    """What the system said, else only what kind of error it is: the others' words may hold a URL."""
    is_plain = isinstance(error, OSError) and not isinstance(error, TimeoutError)
    return f"{type(error).__name__}: {error}" if is_plain else type(error).__name__

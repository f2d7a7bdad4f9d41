"""The way to the Bot API's server: one client for what is said, one for files, so that a slow file delays no answer.

The one rule: whatever goes wrong on the way is one of the library's own errors, and a request that surely never left is
told from one whose answer was lost. By aiohttp: the library's own client takes three times the processor's time for a
request (0.64 ms against 0.19 ms), which is half of what the bot spends on a photo.
"""

from __future__ import annotations

from typing import Any

import aiohttp
from telegram._utils.defaultvalue import DefaultValue
from telegram.error import NetworkError, TimedOut
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import BaseRequest, RequestData

from tagger.config import TELEGRAM, Settings

TELEGRAMS_RATE = 30  # messages a second, which Telegram allows a bot
GROUP_RATE = 20  # messages a minute in one group, likewise
RETRIES = 3  # by the rate limiter; whoever sends goes on after that
CONNECTIONS = 16
READ_S = 10.0
CONNECT_S = 10.0
NEVER_SENT = "not connected"  # begins the message of an error before anything was sent


class Client(BaseRequest):
    """Keeps connections open and lends them out, first come, first served."""

    def __init__(self, connections: int = CONNECTIONS) -> None:
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        return READ_S

    async def initialize(self) -> None:
        if self._session is None or self._session.closed:
            connector = aiohttp.TCPConnector(limit=self._connections)
            self._session = aiohttp.ClientSession(connector=connector, trust_env=True)

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = None,
        write_timeout: Any = None,  # noqa: ARG002, as the next two: an open connection is quick or broken
        connect_timeout: Any = None,  # noqa: ARG002
        pool_timeout: Any = None,  # noqa: ARG002
    ) -> tuple[int, bytes]:
        await self.initialize()
        assert self._session is not None
        read_s = READ_S if read_timeout is None or isinstance(read_timeout, DefaultValue) else read_timeout
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=read_s)
        form = _form(request_data) if request_data else None
        try:
            async with self._session.request(method, url, data=form, timeout=timeout) as response:
                return response.status, await response.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NetworkError(f"{NEVER_SENT}: {type(error).__name__}") from error
        except TimeoutError as error:
            raise TimedOut from error
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(f"{type(error).__name__}: {error}") from error


def _form(request: RequestData) -> aiohttp.FormData:
    form = aiohttp.FormData(request.json_parameters)
    for name, (file_name, content, mime_type) in (request.multipart_data or {}).items():
        form.add_field(name, content, filename=file_name, content_type=mime_type)
    return form


def bot_of(settings: Settings, token: str) -> ExtBot[Any]:
    """For everything that is said and asked."""
    root = settings.bot_api_url.rstrip("/")
    rate = settings.bot_max_per_s
    if rate is None:
        rate = TELEGRAMS_RATE if root == TELEGRAM else 0
    limiter = AIORateLimiter(rate, group_max_rate=GROUP_RATE if rate else 0, max_retries=RETRIES)
    return ExtBot(token, *_roots(root), request=Client(), get_updates_request=Client(1), rate_limiter=limiter)


def files_of(settings: Settings, token: str) -> ExtBot[Any]:
    """For files alone; to be shut down by its `request`, since it is never initialized."""
    return ExtBot(token, *_roots(settings.bot_api_url.rstrip("/")), request=Client(), get_updates_request=Client(1))


def _roots(root: str) -> tuple[str, str]:
    return f"{root}/bot", f"{root}/file/bot"

"""The bot's own HTTP client: it raises the library's errors, and never shows the token."""

from __future__ import annotations

import asyncio
import socket
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, asynccontextmanager
from typing import Any

import pytest

pytest.importorskip("telegram", reason="the extra 'bot' is not installed")

from telegram.error import NetworkError, RetryAfter, TelegramError, TimedOut

from tagger.bot.transport import client
from tagger.bot.transport.client import AiohttpRequest, create_clients
from tagger.bot.transport.retry import is_transient, may_have_arrived
from tagger.config.settings import load_settings
from tests.botapi import TOKEN, BotApiServer, Fault, Garbage, GatewayError, Reset, Silent, Truncated, too_many

SECRET = TOKEN.partition(":")[2]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n" + b'{"ok":true,"result":true}'


@pytest.fixture
def server() -> Iterator[BotApiServer]:
    with BotApiServer() as server:
        yield server


async def ask(root: str, **given: Any) -> Any:
    client = AiohttpRequest(root)
    try:
        return await client.post(f"{root}/bot{TOKEN}/getMe", **given)
    finally:
        await client.shutdown()


def error_of(root: str, read_timeout: float = 60.0) -> TelegramError:
    with pytest.raises(TelegramError) as caught:
        asyncio.run(ask(root, read_timeout=read_timeout))
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    return caught.value


@pytest.mark.parametrize(
    ("fault", "kind", "may_exist"),
    [
        pytest.param(too_many(1), RetryAfter, False, id="429"),
        pytest.param(GatewayError(500), NetworkError, True, id="an error of the server"),
        pytest.param(GatewayError(504), NetworkError, True, id="a proxy that did not wait"),
        pytest.param(GatewayError(502), NetworkError, False, id="a proxy without a server"),
        pytest.param(GatewayError(503), NetworkError, False, id="no service"),
        pytest.param(Reset(), NetworkError, True, id="reset"),
        pytest.param(Silent(), TimedOut, True, id="no answer"),
        pytest.param(Truncated(), NetworkError, True, id="cut off"),
        pytest.param(Garbage(), TelegramError, True, id="no JSON"),
    ],
)
def test_every_failure_is_transient_and_tells_whether_the_request_may_have_arrived(
    fault: Fault, kind: type[TelegramError], may_exist: bool, server: BotApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # as `serve` does
    server.faults.next("getMe", fault)
    error = error_of(server.url, 0.5 if isinstance(fault, Silent) else 60.0)
    assert isinstance(error, kind)
    assert (is_transient(error), may_have_arrived(error)) == (True, may_exist)


def test_a_refused_connection_is_known_to_have_sent_nothing(server: BotApiServer) -> None:
    with server.dead_network():
        error = error_of(server.url)
    assert (is_transient(error), may_have_arrived(error)) == (True, False)


def test_a_server_that_takes_no_connection_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "CONNECT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as stack:
        for _ in range(4):  # nobody accepts, so that the queue is full and what comes later hears nothing
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        error = error_of(f"http://127.0.0.1:{full.getsockname()[1]}")
    assert (is_transient(error), may_have_arrived(error)) == (True, False)


@asynccontextmanager
async def canned(reply: bytes, heard: list[bytes]) -> Any:
    """A server that sends everybody the same bytes."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readline())
        writer.write(reply)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1") as server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}"


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(b"220 this is no web server\r\n\r\n", id="no HTTP"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", id="wrong header"),
        pytest.param(b"HTTP/1.1 302 Found\r\nLocation: http://[\r\n\r\n", id="redirect to nowhere"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_a_server_that_makes_no_sense_does_not_bring_the_token_to_light(reply: bytes) -> None:
    async def asked() -> TelegramError:
        async with canned(reply, []) as root:
            with pytest.raises(NetworkError) as caught:
                await ask(root)
            return caught.value

    error = asyncio.run(asked())
    assert SECRET not in "".join(traceback.format_exception(error))
    assert may_have_arrived(error)


def test_a_proxy_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    async def asked() -> list[bytes]:
        heard: list[bytes] = []
        async with canned(OK, heard) as proxy:
            monkeypatch.setenv("http_proxy", proxy)
            monkeypatch.setenv("no_proxy", "")
            assert await ask("http://api.example.org") is True
        return heard

    assert asyncio.run(asked()) == [f"POST http://api.example.org/bot{TOKEN}/getMe HTTP/1.1\r\n".encode()]


def test_a_client_that_was_shut_down_opens_no_connections(server: BotApiServer) -> None:
    async def asked() -> None:
        client = AiohttpRequest(server.url)
        await client.post(f"{server.url}/bot{TOKEN}/getMe")
        await client.shutdown()
        with pytest.raises(NetworkError, match="stopping"):
            await client.post(f"{server.url}/bot{TOKEN}/getMe")

    asyncio.run(asked())
    assert len(server.calls("getMe")) == 1


def test_a_clients_repr_is_without_its_token() -> None:
    assert all(SECRET not in repr(client) for client in create_clients(load_settings({}), TOKEN))

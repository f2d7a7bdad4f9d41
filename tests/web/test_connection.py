"""Clients that send slowly, or that want everything for themselves."""

from __future__ import annotations

import asyncio
import socket
from urllib.parse import urlsplit

import pytest

from tagger.web import connection
from tagger.web.security import body_limits
from tests.web.conftest import Gallery

HEAD = b"POST /api/v1/suggest HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"


def connect(gallery: Gallery) -> socket.socket:
    address = urlsplit(gallery.url)
    return socket.create_connection((str(address.hostname), address.port or 0), timeout=30)


def test_a_head_that_does_not_arrive_ends_its_connection(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_S", 0.3)
    slow = [connect(gallery) for _ in range(20)]
    for one in slow:
        one.sendall(b"GET / HTTP/1.1\r\nHost: loc")
    with gallery.client() as client:
        assert client.get("/health").status_code == 200
    for one in slow:
        with one:
            assert ends(one)


def test_a_body_that_stalls_is_refused(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limits, "STALL_S", 0.3)
    with connect(gallery) as client:
        client.sendall(HEAD + b"Content-Length: 5000\r\n\r\n--x\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 408 ")


def test_a_body_of_a_gigabyte_is_refused_by_its_length(gallery: Gallery) -> None:
    with connect(gallery) as client:
        client.sendall(HEAD + b"Content-Length: 1000000000\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_a_client_has_only_so_many_connections(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_OF_CLIENT", 5)
    clients = [connect(gallery) for _ in range(8)]
    assert sum(ends(client, timeout_s=0.5) for client in clients) == 3
    for client in clients:
        client.close()


def test_a_body_does_not_wait_until_its_head_was_acknowledged(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_set = []

    def made(self: connection.Connection, transport: asyncio.Transport) -> None:
        is_set.append(transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        original(self, transport)

    original = connection.Connection.connection_made
    monkeypatch.setattr(connection.Connection, "connection_made", made)
    with gallery.client() as client:
        client.get("/health")
    assert is_set == [1]


def ends(client: socket.socket, *, timeout_s: float = 30) -> bool:
    """Whether the server closes a connection."""
    client.settimeout(timeout_s)
    try:
        return client.recv(100) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False

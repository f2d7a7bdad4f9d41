"""HTTP/1.1 on a socket, only as much as the Bot API needs.

Unlike with `http.server`, a connection can misbehave on purpose: reset, half an answer, silence.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

LINE_LIMIT = 65_536  # bytes in one header line
PIECE = 64 * 1024  # bytes a throttled download sends at once, at most
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    verb: str
    target: str
    headers: dict[str, str]
    body: bytes
    at: float  # monotonic, when its first line arrived


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes
    content_type: str = "application/json"

    @classmethod
    def json(cls, value: Any, status: int = 200) -> Reply:
        return cls(status, json.dumps(value, ensure_ascii=False).encode())

    @property
    def head(self) -> bytes:
        phrase = HTTPStatus(self.status).phrase
        lines = f"Server: botapi\r\nContent-Type: {self.content_type}\r\nContent-Length: {len(self.body)}\r\n"
        return f"HTTP/1.1 {self.status} {phrase}\r\n{lines}\r\n".encode()


class Connection:
    """One keep-alive connection; a thread of the server reads it, `close` may be called from any thread."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = sock
        self._reader = sock.makefile("rb", buffering=PIECE)
        self._closed = threading.Event()

    def read(self) -> HttpRequest | None:
        """The next request; None if the other side has closed or does not speak HTTP."""
        first = self._reader.readline(LINE_LIMIT)
        at = time.monotonic()
        words = first.decode("latin-1").split()
        if len(words) != 3:
            return None
        verb, target, _ = words
        headers = self._headers()
        if headers.get("expect", "").lower() == "100-continue":
            self._socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return HttpRequest(verb, target, headers, self._body(headers), at)

    def _headers(self) -> dict[str, str]:
        headers = {}
        while (line := self._reader.readline(LINE_LIMIT).strip()) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        return headers

    def _body(self, headers: dict[str, str]) -> bytes:
        if "chunked" not in headers.get("transfer-encoding", ""):
            return bytes(self._reader.read(int(headers.get("content-length", 0))))
        chunks = []
        while size := int(self._reader.readline(LINE_LIMIT).split(b";")[0], 16):
            chunks.append(self._reader.read(size))
            self._reader.readline(LINE_LIMIT)
        self._headers()  # trailers
        return b"".join(chunks)

    def send(self, reply: Reply) -> None:
        if len(reply.body) < PIECE:
            self._socket.sendall(reply.head + reply.body)
        else:  # a large body is not copied
            self._socket.sendall(reply.head)
            self._socket.sendall(reply.body)

    def send_part(self, reply: Reply, length: int) -> None:
        """Send the whole header and a part of the body, like a broken download."""
        self._socket.sendall(reply.head + reply.body[:length])

    def send_slowly(self, reply: Reply, bytes_per_s: int) -> None:
        self._socket.sendall(reply.head)
        piece = max(1, min(PIECE, bytes_per_s // 20))
        for start in range(0, len(reply.body), piece):
            self._socket.sendall(reply.body[start : start + piece])
            self.sleep(piece / bytes_per_s)

    def alive(self) -> bool:
        """Whether the other side still listens; a killed bot's socket counts as closed at once."""
        try:
            return self._socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def sleep(self, seconds: float) -> None:
        """Wait, but not beyond the end of the connection."""
        self._closed.wait(seconds)

    def hold(self) -> None:
        """Send nothing until the other side gives up or the server closes."""
        while not self._closed.is_set() and self.alive():
            self._closed.wait(0.05)

    def reset(self) -> None:
        """Send RST instead of FIN: the other side sees "connection reset by peer"."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.close()

    def interrupt(self) -> None:
        """Wake the thread that reads or sleeps; it then closes the connection."""
        self._closed.set()
        with suppress(OSError):  # the other side was faster
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._closed.set()
        self._reader.close()
        self._socket.close()

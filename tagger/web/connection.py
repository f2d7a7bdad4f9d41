"""Connections: how long a client may take to ask, and how many it may have.

Uvicorn waits for the rest of a request's head for ever, so that a thousand clients that send a byte now and then would
use up all connections (an attack called slowloris). Bodies have limits of their own, `security.body_limits`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from tagger.web.security.addresses import client_network
from tagger.web.security.headers import always

HEAD_S = 10.0
MAX_OF_CLIENT = 256  # connections at once

_connections: Counter[str] = Counter()


class Connection(H11Protocol):
    """Closes a connection whose request's head does not arrive in time, and one too many of a client."""

    _head_deadline: asyncio.TimerHandle | None = None
    _peer = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._peer = client_network(str(self.client[0])) if self.client else ""
        _connections[self._peer] += 1
        if _connections[self._peer] > MAX_OF_CLIENT:
            transport.abort()
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        _connections[self._peer] -= 1
        if not _connections[self._peer]:
            del _connections[self._peer]
        self._cancel_deadline()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, which reaches no middleware, with the headers of all responses."""
        headers = {"Content-Type": "text/plain; charset=utf-8", "Connection": "close", **always("default-src 'none'")}
        for event in (h11.Response(status_code=400, headers=list(headers.items())), h11.Data(msg.encode())):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.write(self.conn.send(h11.EndOfMessage()) or b"")
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_head()

    def _watch_head(self) -> None:
        """Set the deadline when a head begins, and cancel it when it is complete."""
        state: Any = self.conn.their_state
        if state is not h11.IDLE:
            self._cancel_deadline()
        elif self._head_deadline is None:
            self._head_deadline = self.loop.call_later(HEAD_S, self.transport.abort)

    def _cancel_deadline(self) -> None:
        if self._head_deadline is not None:
            self._head_deadline.cancel()
            self._head_deadline = None

"""Calls without any bot library: what they return is what was on the wire."""

from __future__ import annotations

import http.client
import json
from typing import Any

from tests.botapi.http.server import BotApiServer


def call(server: BotApiServer, method: str, *, token: str | None = None, timeout_s: float = 5, **values: Any) -> Any:
    """Make a call as JSON over a new connection, and return the whole answer."""
    return json.loads(post(server, f"/bot{token or server.token}/{method}", values, timeout_s=timeout_s)[1])


def post(server: BotApiServer, path: str, values: dict[str, Any], *, timeout_s: float = 5) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout_s)
    try:
        connection.request("POST", path, json.dumps(values), {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def done(server: BotApiServer, method: str, **values: Any) -> Any:
    """The result of a call that must succeed."""
    answer = call(server, method, **values)
    assert answer["ok"], answer
    return answer["result"]


def refusal(server: BotApiServer, method: str, **values: Any) -> str:
    """Why a call was refused; if it was the bot's mistake, it must be a violation, too."""
    answer = call(server, method, **values)
    assert not answer["ok"]
    assert answer["error_code"] != 400 or server.violations[-1].description == answer["description"]
    return str(answer["description"]).removeprefix("Bad Request: ")


def download(server: BotApiServer, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        connection.request("GET", f"/file/bot{server.token}/{path}")
        return connection.getresponse().read()
    finally:
        connection.close()

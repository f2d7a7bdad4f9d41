"""Limits on what a client sends: how many bytes, and how long it may take.

A body that is too long is refused by its ``Content-Length`` before it is read, or where it becomes too long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_FORM_BYTES = 64_000  # all but uploads
STALL_S = 15.0  # without a byte
BYTES_PER_S = 20_000  # on average, after the first `STALL_S`


class _Refused(HTTPException):
    """Answered by the application if it is reading the body, else here."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(status, sentence, {"Connection": "close"})


def problem(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error as the API gives it."""
    return JSONResponse({"detail": sentence}, status, headers)


class BodyLimits:
    """Refuses bodies that are too long or too slow.

    Args:
        app: the application.
        uploads: paths of uploads.
        max_upload_bytes: the most for those.
    """

    def __init__(self, app: ASGIApp, uploads: frozenset[str], max_upload_bytes: int) -> None:
        self._app = app
        self._uploads = uploads
        self._max_upload_bytes = max_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(receive, self._max_upload_bytes if scope["path"] in self._uploads else LARGEST_FORM_BYTES)
        try:
            body.check_length(dict(scope["headers"]).get(b"content-length"))
            await self._app(scope, body.receive, send)
        except _Refused as refused:
            await problem(refused.status_code, refused.detail, refused.headers)(scope, receive, send)


class _Body:
    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._received = 0
        self._is_complete = False
        self._started_at: float | None = None

    def check_length(self, header: bytes | None) -> None:
        if header is not None and header.isdigit() and int(header) > self._limit:
            raise self._too_large()

    async def receive(self) -> Message:
        if self._is_complete:
            return await self._receive()  # waits for the end of the connection
        now = asyncio.get_running_loop().time
        if self._started_at is None:
            self._started_at = now()
        allowed_s = STALL_S + self._received / BYTES_PER_S
        try:
            async with asyncio.timeout(min(STALL_S, self._started_at + allowed_s - now())):
                message = await self._receive()
        except TimeoutError as error:
            raise _Refused(408, "The request arrives too slowly.") from error
        self._received += len(message.get("body", b""))
        self._is_complete = not message.get("more_body", False)
        if self._received > self._limit:
            raise self._too_large()
        return message

    def _too_large(self) -> _Refused:
        return _Refused(413, f"The request is longer than {self._limit:,} bytes.")

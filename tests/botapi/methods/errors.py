"""The Bot API's refusals, in Telegram's own words, because bots match them."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A refusal, sent as `{"ok": false, "error_code": …, "description": …}`.

    Args:
        code: The HTTP status, which is the `error_code` too.
        description: Telegram's sentence.
        parameters: The `ResponseParameters`, such as `retry_after`.
    """

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        return body | {"parameters": self.parameters} if self.parameters else body


def bad_request(why: str) -> ApiError:
    return ApiError(400, f"Bad Request: {why}")


def unparsable(why: str) -> ApiError:
    return bad_request(f"can't parse entities: {why}")


def forbidden(why: str) -> ApiError:
    return ApiError(403, f"Forbidden: {why}")


def conflict(why: str) -> ApiError:
    return ApiError(409, f"Conflict: {why}")


def too_many_requests(retry_after_s: int) -> ApiError:
    return ApiError(429, f"Too Many Requests: retry after {retry_after_s}", retry_after=retry_after_s)

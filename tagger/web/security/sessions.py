"""The session cookie: signed, so that nobody else can make one. It says who a browser belongs to, and holds its CSRF
token, which a form must repeat because another site cannot read it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.datastructures import MutableHeaders

COOKIE = "tagger_session"
MAX_AGE_S = 30 * 24 * 3600
CSRF_BYTES = 16


@dataclass(frozen=True, slots=True)
class Session:
    """A browser.

    Args:
        csrf: the token that its forms repeat.
        is_logged_in: whether the password was given.
    """

    csrf: str
    is_logged_in: bool = False


def new_session(*, is_logged_in: bool = False) -> Session:
    return Session(secrets.token_urlsafe(CSRF_BYTES), is_logged_in)


def read_session(cookie: str | None, key: str) -> Session | None:
    """The session in a cookie; None if there is none, or if it is forged or too old."""
    try:
        stored: Any = _serializer(key).loads(cookie or "", max_age=MAX_AGE_S)
        return Session(str(stored["csrf"]), stored["is_logged_in"] is True)
    except (BadData, KeyError, TypeError):
        return None


def set_session(headers: MutableHeaders, session: Session, key: str, *, is_secure: bool) -> None:
    """Add the cookie of a session to a response."""
    value = _serializer(key).dumps({"csrf": session.csrf, "is_logged_in": session.is_logged_in})
    secure = "; Secure" if is_secure else ""
    headers.append("Set-Cookie", f"{COOKIE}={value}; Path=/; Max-Age={MAX_AGE_S}; HttpOnly; SameSite=Lax{secure}")


def _serializer(key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key, salt="session")

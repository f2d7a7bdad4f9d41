"""Login and logout."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from tagger.web.language import language_of
from tagger.web.pages.rendering import render
from tagger.web.security.passwords import is_password
from tagger.web.security.sessions import MAX_AGE_S, new_session, set_session
from tagger.web.services import By, Parts

router = APIRouter()


@router.get("/login")
def login_page(request: Request, next: str = "/") -> HTMLResponse:
    """The form."""
    return render(request, "login", title="Log in", next=_own_path(next), problem=None)


@router.post("/login")
async def login(
    request: Request,
    services: Parts,
    visitor: By,
    password: Annotated[str, Form(max_length=1000)],
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Check the password, and begin a session."""
    _ = language_of(request)._
    wait_s, stored = services.login_limit.wait_s(visitor.client), services.credentials.password
    if wait_s is not None:
        problem, status = _("Too many attempts. Try again in {seconds} s.").format(seconds=wait_s), 429
    elif stored is None or not await asyncio.to_thread(is_password, password, stored):
        problem, status = _("The password is wrong."), 401
    else:
        response = RedirectResponse(_own_path(next), 303)
        _begin(request, response, services.credentials.signing_key, is_logged_in=True)
        return response
    return render(request, "login", status, title="Log in", next=_own_path(next), problem=problem)


@router.post("/logout")
def logout(request: Request, services: Parts, visitor: By) -> Response:
    """End the session, also for copies of its cookie."""
    if visitor.session.is_logged_in:
        services.credentials.end_session(visitor.session.csrf, datetime.now(UTC) + timedelta(seconds=MAX_AGE_S))
    response = RedirectResponse("/", 303)
    _begin(request, response, services.credentials.signing_key, is_logged_in=False)
    return response


def _begin(request: Request, response: Response, key: str, *, is_logged_in: bool) -> None:
    is_secure = request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"
    set_session(response.headers, new_session(is_logged_in=is_logged_in), key, is_secure=is_secure)


def _own_path(path: str) -> str:
    """A path of the gallery; another site's address becomes the first page."""
    is_own = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_own else "/"

"""Errors as pages for people, and as JSON for programs."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from db.errors import QuerySyntaxError, UnknownName, UnknownPhoto, UnknownRun
from tagger.core.errors import RunInProgress, StoreError, TeachingError
from tagger.web.language import N_, language_of
from tagger.web.pages.rendering import render
from tagger.web.security.body_limits import problem

REFUSALS = {TeachingError: 422, RunInProgress: 409}
TITLES = {404: N_("Not found")}
BROKEN = N_("Something went wrong. The log of the gallery says more.")
NO_PAGE = N_("There is nothing at this address.")


def on_http_error(request: Request, error: Exception) -> Response:
    """An error that a route has raised."""
    assert isinstance(error, HTTPException)
    is_bare = error.detail == HTTPStatus(error.status_code).phrase
    sentence = language_of(request)._(NO_PAGE) if is_bare and error.status_code == 404 else str(error.detail)
    return answer(request, error.status_code, sentence, dict(error.headers or {}))


def on_invalid(request: Request, error: Exception) -> Response:
    """A request that its route cannot read: a sentence instead of pydantic's list, which would quote what was sent."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return answer(request, 422, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")


def on_store_error(request: Request, error: Exception) -> Response:
    """What is unknown is not found, a query that is wrong is the client's fault, and all else is the store's."""
    assert isinstance(error, StoreError)
    if isinstance(error, UnknownPhoto | UnknownRun):
        return answer(request, 404, str(error))
    if isinstance(error, UnknownName | QuerySyntaxError):
        return answer(request, 422, str(error))
    # Strangers who look at what is shared need not know where the database lies.
    is_stranger = request.state.visitor.name is None
    return answer(request, 503, language_of(request)._(BROKEN) if is_stranger else str(error))


def on_refusal(request: Request, error: Exception) -> Response:
    """What cannot be taught is the client's fault, a run that is in progress nobody's, and all else the set-up's."""
    status = next((status for kind, status in REFUSALS.items() if isinstance(error, kind)), 503)
    return answer(request, status, str(error))


def on_bug(request: Request, _error: Exception) -> Response:
    """An error that nobody expected, which the server logs."""
    return answer(request, 500, language_of(request)._(BROKEN))


def answer(request: Request, status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    """An error in a sentence."""
    is_page = "text/html" in request.headers.get("accept", "") and "hx-request" not in request.headers
    if not is_page or request.url.path.startswith("/api/"):
        return problem(status, sentence, headers)
    page = render(request, "error", status, title=TITLES.get(status, N_("Error")), sentence=sentence)
    page.headers.update(headers or {})
    return page

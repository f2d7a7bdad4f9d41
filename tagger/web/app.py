"""The application: its routes, and the checks around them."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError

from db.errors import UnknownName, UnknownPhoto, UnknownRun
from tagger.core.errors import StoreError
from tagger.core.version import __version__
from tagger.web.api import decisions, library, photos, status, suggest
from tagger.web.security.addresses import is_loopback, own_names
from tagger.web.security.body_limits import BodyLimits, problem
from tagger.web.security.gate import Gate, Rules
from tagger.web.security.headers import SecurityHeaders, content_security_policy
from tagger.web.services import Services

V1 = "/api/v1"
API = (suggest, photos, decisions, library, status)  # modules with routes
FORM_BYTES = 4096  # of an upload besides its photo


def create_app(services: Services) -> FastAPI:
    """The gallery as an ASGI application.

    Args:
        services: its parts.
    """
    settings = services.settings
    app = FastAPI(
        title="Landmark tagger", version=__version__, openapi_url=f"{V1}/openapi.json", docs_url=None, redoc_url=None
    )
    app.state.services = services
    api = APIRouter(prefix=V1)
    for routes in API:
        api.include_router(routes.router)
    app.include_router(api)
    app.include_router(status.router, include_in_schema=False)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(StoreError, _store_error)
    # The last is the outermost.
    app.add_middleware(Gate, credentials=services.credentials, rules=_rules(services))
    app.add_middleware(
        BodyLimits,
        uploads=frozenset((f"{V1}/suggest", "/try")),
        max_upload_bytes=settings.web_max_upload_bytes + FORM_BYTES,
    )
    app.add_middleware(SecurityHeaders, policy=content_security_policy())
    return app


def needs_login(services: Services) -> bool:
    """Whether others than this machine's users reach the gallery."""
    settings = services.settings
    return bool(settings.web_trusted_proxies) or not is_loopback(listening_host(settings.web_listen))


def listening_host(address: str) -> str:
    return address.rpartition(":")[0].strip("[]")


def _rules(services: Services) -> Rules:
    settings = services.settings
    return Rules(
        needs_login(services),
        own_names(settings.web_hosts),
        settings.web_trusted_proxies,
        settings.web_proxy_user_header,
    )


def _invalid(_request: Request, error: Exception) -> Response:
    """A sentence instead of pydantic's list, which would quote what was sent."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return problem(422, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")


def _store_error(_request: Request, error: Exception) -> Response:
    if isinstance(error, UnknownPhoto | UnknownRun):
        return problem(404, str(error))
    return problem(422 if isinstance(error, UnknownName) else 503, str(error))

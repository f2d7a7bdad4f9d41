"""The application: its routes, and the checks around them."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from tagger.core.errors import StoreError, TaggerError
from tagger.core.version import __version__
from tagger.library.decisions.decide import login_name
from tagger.web.api import decisions, library, photos, review, status, suggest, taught
from tagger.web.assets import PREFIX, RefuseOtherVersions, assets
from tagger.web.methods import AnswerHead
from tagger.web.pages import completion, errors, login, naming, overview, photo, shares, try_photo
from tagger.web.pages import library as gallery
from tagger.web.pages.rendering import warm_up
from tagger.web.security.addresses import is_loopback, own_names
from tagger.web.security.body_limits import BodyLimits
from tagger.web.security.gate import Gate, Rules
from tagger.web.security.headers import SecurityHeaders, content_security_policy
from tagger.web.services import Services

V1 = "/api/v1"
API = (suggest, photos, review, decisions, taught, library, status)  # modules with routes
PAGES = (gallery, photo, overview, naming, try_photo, shares, login, completion)
FORM_BYTES = 4096  # of an upload besides its photo


def create_app(services: Services) -> ASGIApp:
    """The gallery as an ASGI application.

    Args:
        services: its parts.
    """
    settings = services.settings
    warm_up()
    app = FastAPI(
        title="Landmark tagger", version=__version__, openapi_url=f"{V1}/openapi.json", docs_url=None, redoc_url=None
    )
    app.state.services = services
    api = APIRouter(prefix=V1)
    for routes in API:
        api.include_router(routes.router)
    app.include_router(api)
    for pages in PAGES:
        app.include_router(pages.router, include_in_schema=False)
    app.include_router(status.router, include_in_schema=False)
    app.mount(PREFIX, assets)
    app.add_exception_handler(HTTPException, errors.on_http_error)
    app.add_exception_handler(RequestValidationError, errors.on_invalid)
    app.add_exception_handler(StoreError, errors.on_store_error)
    app.add_exception_handler(TaggerError, errors.on_refusal)
    app.add_exception_handler(Exception, errors.on_bug)
    # The last is the outermost.
    app.add_middleware(RefuseOtherVersions)
    app.add_middleware(Gate, credentials=services.credentials, rules=_rules(services), refuse=errors.answer)
    app.add_middleware(
        BodyLimits,
        uploads=frozenset((f"{V1}/suggest", "/try")),
        max_upload_bytes=settings.web_max_upload_bytes + FORM_BYTES,
    )
    # FastAPI answers unexpected errors outside of its own middleware, and these answers need the headers too.
    return SecurityHeaders(AnswerHead(app), content_security_policy(_origin(settings.web_tiles)))


def needs_login(services: Services) -> bool:
    """Whether others than this machine's users reach the gallery."""
    settings = services.settings
    return bool(settings.web_trusted_proxies) or not is_loopback(listening_host(settings.web_listen))


def _origin(tiles: str | None) -> str | None:
    """Scheme and host of the map's tiles, which the policy allows."""
    if tiles is None:
        return None
    parts = urlsplit(tiles.replace("{s}", "*"))
    return f"{parts.scheme}://{parts.netloc}"


def listening_host(address: str) -> str:
    return address.rpartition(":")[0].strip("[]")


def _rules(services: Services) -> Rules:
    settings = services.settings
    return Rules(
        needs_login(services),
        login_name(),
        own_names(settings.web_hosts),
        settings.web_trusted_proxies,
        settings.web_proxy_user_header,
    )

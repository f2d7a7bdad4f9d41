"""The gate: every request passes it, and what it does not let in reaches no route.

The one rule: it fails closed. A new path needs a login, and a new POST needs the CSRF token, unless this file says
otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tagger.web.security.addresses import Network, is_in, is_known_host, is_loopback
from tagger.web.security.body_limits import problem
from tagger.web.security.credentials import Credentials
from tagger.web.security.sessions import COOKIE, Session, new_session, read_session, set_session

OPEN_PATHS = ("/static/", "/shared/")  # whose own routes decide, or that have no secret
OPEN = frozenset(("/login", "/health", "/api/v1/health", "/favicon.ico"))
SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
API = "/api/"
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf"
FORM = "application/x-www-form-urlencoded"
BEARER = "bearer "
PASSWORD_USER = "web"  # all who know the password
AS_BEARER = {"WWW-Authenticate": "Bearer"}

Refuse = Callable[[Request, int, str, dict[str, str] | None], Response]  # with a status, a sentence and headers


@dataclass(frozen=True, slots=True)
class Rules:
    """What the gate goes by.

    Args:
        needs_login: whether a visitor must log in.
        user: the name of those who need not.
        hosts: the gallery's names.
        proxies: those whose headers are believed.
        user_header: the header in which they name the user, if any.
    """

    needs_login: bool
    user: str
    hosts: frozenset[str]
    proxies: tuple[Network, ...] = ()
    user_header: str | None = None


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is asking.

    Args:
        name: to be stored with decisions; None for a visitor who has not logged in.
        client: the address that limits count by.
        session: of a browser.
        is_program: it carries a bearer token, which a browser never sends by itself.
    """

    name: str | None
    client: str
    session: Session
    is_program: bool = False

    @property
    def who(self) -> str:
        """The name of a visitor whom the gate has let in."""
        assert self.name is not None
        return self.name


class Gate:
    """Checks the host, finds out who is asking, and refuses what they may not ask for.

    Args:
        app: the application.
        credentials: of those who log in.
        rules: what it goes by.
        refuse: makes the answer to a refused request: a page for people, JSON for programs.
    """

    def __init__(self, app: ASGIApp, credentials: Credentials, rules: Rules, refuse: Refuse) -> None:
        self._app = app
        self._refuse = refuse
        self._credentials = credentials
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        if not is_known_host(request.headers.get("host"), self._rules.hosts):
            await problem(421, "The gallery is not reached under this name; see the setting web_hosts.")(
                scope, receive, send
            )
            return
        key = self._credentials.signing_key
        stored = read_session(request.cookies.get(COOKIE), key)
        if stored and self._credentials.has_ended(stored.csrf):
            stored = None
        visitor = self._visitor(request, stored or new_session())
        scope.setdefault("state", {})["visitor"] = visitor
        refusal, receive = await self._refusal(request, visitor, receive)
        send = send if stored or visitor.is_program else self._with_cookie(request, visitor.session, send)
        await (refusal or self._app)(scope, receive, send)

    def _visitor(self, request: Request, session: Session) -> Visitor:
        peer = request.client.host if request.client else ""
        is_proxy = is_in(peer, self._rules.proxies)
        forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        client = forwarded if is_proxy and forwarded else peer
        authorization = request.headers.get("authorization", "")
        if authorization.lower().startswith(BEARER):
            name = self._credentials.name_of(authorization[len(BEARER) :].strip())
            return Visitor(name and f"token:{name}", client, session, is_program=True)
        if is_proxy and self._rules.user_header and (user := request.headers.get(self._rules.user_header)):
            return Visitor(f"web:{user}", client, session)
        if not self._rules.needs_login:
            return Visitor(self._rules.user, client, session)
        return Visitor(PASSWORD_USER if session.is_logged_in else None, client, session)

    async def _refusal(self, request: Request, visitor: Visitor, receive: Receive) -> tuple[Response | None, Receive]:
        path = request.url.path
        if visitor.is_program and visitor.name is None:
            return self._refuse(request, 401, "There is no such token.", AS_BEARER), receive
        if visitor.name is None and path not in OPEN and not path.startswith(OPEN_PATHS):
            is_script = path.startswith(API) or "hx-request" in request.headers
            if is_script or request.method not in SAFE_METHODS:
                return self._refuse(request, 401, "Log in, or send a bearer token.", AS_BEARER), receive
            target = path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"/login?next={quote(target)}", 303), receive
        if _is_embedded_elsewhere(request):
            sentence = "Pages of other sites may not load anything from the gallery."
            return self._refuse(request, 403, sentence, None), receive
        if request.method in SAFE_METHODS or visitor.is_program or self._is_local_program(request):
            return None, receive
        is_ours, receive = await _repeats_token(request, visitor.session.csrf, receive)
        if not is_ours or not _is_same_origin(request):
            sentence = "This page is too old, or the request comes from another site. Reload it."
            return self._refuse(request, 403, sentence, None), receive
        return None, receive

    def _is_local_program(self, request: Request) -> bool:
        """Whether a program of this machine uses the API: a browser sends at least one of these headers."""
        headers = request.headers
        is_browser = any(name in headers for name in ("origin", "referer", "cookie", "sec-fetch-site"))
        is_local = request.client is not None and is_loopback(request.client.host)
        return not self._rules.needs_login and is_local and request.url.path.startswith(API) and not is_browser

    def _with_cookie(self, request: Request, session: Session, send: Send) -> Send:
        is_secure = request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if "set-cookie" not in headers and headers.get("content-type", "").startswith("text/html"):
                    set_session(headers, session, self._credentials.signing_key, is_secure=is_secure)
            await send(message)

        return send_with_cookie


async def _repeats_token(request: Request, token: str, receive: Receive) -> tuple[bool, Receive]:
    """Whether a request repeats its session's token, in a header or in the field of a form, which is read and kept."""
    if (header := request.headers.get(CSRF_HEADER)) is not None:
        return header == token, receive
    if not request.headers.get("content-type", "").startswith(FORM):
        return False, receive
    body = await request.body()
    fields = parse_qs(body.decode("latin-1"))

    async def receive_again() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return fields.get(CSRF_FIELD) == [token], receive_again


def _is_embedded_elsewhere(request: Request) -> bool:
    """Whether a page of another site loads something: it may lead here, but not make the gallery work or measure it."""
    fetched = request.headers.get("sec-fetch-site") == "cross-site"
    return fetched and request.headers.get("sec-fetch-mode") != "navigate"


def _is_same_origin(request: Request) -> bool:
    """Whether a browser says that the request comes from the gallery itself."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")

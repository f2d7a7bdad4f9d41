"""The static files, and the version of what a browser has of the gallery: its page, its scripts and its styles.

The one rule: files are read once, when the process starts. A process whose files are replaced by an upgrade goes on
serving what belongs to its own templates, and refuses the requests of pages that another version has made.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from importlib.resources.abc import Traversable
from mimetypes import guess_type

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tagger.core.version import __version__
from tagger.web.security.body_limits import problem

PREFIX = "/static"
VERSION_HEADER = "X-Gallery-Version"
VERSION_LENGTH = 12
IMMUTABLE = "public, max-age=31536000, immutable"


def _read(folder: Traversable, path: str = "") -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for entry in folder.iterdir():
        inner = f"{path}/{entry.name}"
        found |= _read(entry, inner) if entry.is_dir() else {inner: entry.read_bytes()}
    return found


def _version_of(contents: dict[str, bytes]) -> str:
    digest = hashlib.sha256(__version__.encode())
    for path, content in sorted(contents.items()):
        digest.update(path.encode() + hashlib.sha256(content).digest())
    return digest.hexdigest()[:VERSION_LENGTH]


STATIC = _read(files("tagger.web") / "static")
VERSION = _version_of(STATIC | _read(files("tagger.web") / "templates", "templates"))
BASE = f"{PREFIX}/{VERSION}"  # of the addresses in pages, so that a browser keeps a file for ever


async def assets(scope: Scope, receive: Receive, send: Send) -> None:
    """The application below `PREFIX`: a file, whichever version its address names."""
    request = Request(scope, receive)
    if request.method != "GET":
        raise HTTPException(405)
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    _, version, *rest = path.split("/")
    content = STATIC.get("/" + "/".join(rest))
    if content is None:
        version, content = "", STATIC.get(path)
    if content is None:
        raise HTTPException(404)
    caching = IMMUTABLE if version == VERSION else "no-cache"
    kind = guess_type(path)[0] or "application/octet-stream"
    await Response(content, media_type=kind, headers={"Cache-Control": caching})(scope, receive, send)


class RefuseOtherVersions:
    """Refuses what a page of another version asks for, and has it reloaded; programs name no version."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"]) if scope["type"] == "http" else {}
        version = headers.get(VERSION_HEADER.lower().encode())
        if version is None or version == VERSION.encode():
            await self._app(scope, receive, send)
            return
        refusal = problem(409, "The gallery was upgraded. Reload the page.", {"HX-Refresh": "true"})
        await refusal(scope, receive, send)

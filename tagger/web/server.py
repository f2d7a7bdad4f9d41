"""Runs the gallery: wires its parts, listens, and stops in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn
from starlette.types import ASGIApp

from db.engine import Store
from tagger.config.settings import Settings
from tagger.core.errors import ConfigError
from tagger.serving.model_thread import ModelThread
from tagger.serving.thumbnails import Thumbnails
from tagger.web.app import create_app, listening_host, needs_login
from tagger.web.connection import Connection
from tagger.web.security.credentials import Credentials
from tagger.web.security.rate_limits import RateLimit
from tagger.web.services import Services

log = logging.getLogger(__name__)

# Imported at their first use, and before it here: an upgrade may have replaced their files by then.
LATE = ("anyio._backends._asyncio", "anyio._core._fileio", "filelock", "jinja2.debug", "numpy.ma")
STOP_POLL_S = 0.1
SHUTDOWN_S = 5  # for the requests in progress
KEEP_ALIVE_S = 30
BACKLOG = 512
HEAD_BYTES = 32_000


def serve(
    settings: Settings,
    store: Store,
    model: ModelThread,
    thumbnails: Thumbnails,
    stop: threading.Event,
    on_ready: Callable[[str], object] | None = None,
) -> None:
    """Serve the gallery until `stop` is set.

    Args:
        settings: where it listens, and who may log in.
        store: the tag store.
        model: answers the photos that are sent.
        thumbnails: copies of the library's photos.
        stop: may be set from any thread, even before this is called.
        on_ready: called with the address once it can be opened.

    Raises:
        ConfigError: the address is taken, or nobody could log in although others reach it.
    """
    for name in LATE:
        import_module(name)
    with listening(settings, store, model, thumbnails) as (application, listener):
        if on_ready:
            on_ready(address_of(listener))  # connections wait in the socket until they are accepted
        asyncio.run(run(application, listener, stop))


@contextlib.contextmanager
def listening(
    settings: Settings, store: Store, model: ModelThread, thumbnails: Thumbnails
) -> Iterator[tuple[ASGIApp, socket.socket]]:
    """The application and the socket that listens for it."""
    credentials = Credentials(settings.web_folder)
    with TemporaryDirectory(prefix="tagger-web-") as uploads:
        services = Services(
            settings, store, model, credentials, Path(uploads), RateLimit(settings.web_rate_per_min), thumbnails
        )
        if needs_login(services) and not (credentials.can_log_in or settings.web_proxy_user_header):
            raise ConfigError(
                f"Others reach {settings.web_listen}, and nobody can log in. Set a password first: tagger web password"
            )
        credentials.ensure_secret()
        with contextlib.closing(_listener(settings.web_listen)) as listener:
            log.info("The gallery is at %s", address_of(listener))
            yield create_app(services), listener


def address_of(listener: socket.socket) -> str:
    """The address to open in a browser of this machine."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"


def _listener(address: str) -> socket.socket:
    host, port = listening_host(address), int(address.rpartition(":")[2])
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        raise ConfigError(f"web_listen: cannot listen on {address} ({error}). Name another address.") from error
    # Connections inherit it. Without it a body waits until the client has acknowledged the head, often 40 ms; asyncio
    # sets it only on sockets that name their protocol, which those of `create_server` do not.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


class _Server(uvicorn.Server):
    """Leaves signals to the process, which may run more than the gallery."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run(application: ASGIApp, listener: socket.socket, stop: threading.Event) -> None:
    """Serve an application until `stop` is set."""
    server = _Server(
        uvicorn.Config(
            application,
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=SHUTDOWN_S,
            h11_max_incomplete_event_size=HEAD_BYTES,
        )
    )

    async def watch() -> None:
        while not stop.is_set():
            await asyncio.sleep(STOP_POLL_S)
        server.should_exit = True

    watching = asyncio.create_task(watch())
    await server.serve(sockets=[listener])
    watching.cancel()

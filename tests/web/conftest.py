"""The gallery over real HTTP on loopback, with the model that knows three colours."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra 'web' is not installed")
pytest.importorskip("uvicorn", reason="the extra 'web' is not installed")

import httpx

from db.engine import Store
from tagger.config.settings import load_settings
from tagger.core.run_options import Limits
from tagger.image.loader import InProcessLoader, PhotoLoader
from tagger.model.predictor import Tagger
from tagger.serving.model_thread import ModelThread
from tagger.serving.thumbnails import Thumbnails
from tagger.web.security.credentials import Credentials
from tagger.web.server import address_of, listening, run
from tests.drawn import ColourEngine, colour_bundle


@dataclass(frozen=True, slots=True)
class Gallery:
    """A gallery that runs.

    Args:
        url: its address, without a slash at the end.
        credentials: its password and tokens.
        store: its store.
        engine: counts what it is given.
    """

    url: str
    credentials: Credentials
    store: Store
    engine: ColourEngine

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=60, **options)


Start = Callable[..., Gallery]


@pytest.fixture
def start(store: Store, tmp_path: Path) -> Iterator[Start]:
    """Starts galleries; settings by name, and `loader` to decode elsewhere."""
    with ExitStack() as stack:

        def start(loader: PhotoLoader | None = None, password: str | None = None, **options: Any) -> Gallery:
            values = {"web_listen": "127.0.0.1:0", "web_folder": tmp_path / "web", "db_url": store.file} | options
            settings, engine = load_settings(values), ColourEngine()
            credentials = Credentials(settings.web_folder)
            if password:
                credentials.set_password(password)
            tagger = Tagger(colour_bundle(tmp_path / "bundle"), engine, Limits())
            reads = loader or InProcessLoader(tagger.bundle.card.input, tagger.limits)
            model = stack.enter_context(ModelThread(tagger, reads, k=3))
            thumbnails = stack.enter_context(Thumbnails(tmp_path / "thumbnails", 10**9, reads))
            application, listener = stack.enter_context(listening(settings, store, model, thumbnails))
            stop = threading.Event()
            thread = threading.Thread(target=lambda: asyncio.run(run(application, listener, stop)))
            thread.start()
            stack.callback(thread.join)
            stack.callback(stop.set)
            return Gallery(address_of(listener), credentials, store, engine)

        yield start


@pytest.fixture
def gallery(start: Start) -> Gallery:
    return start()


@pytest.fixture
def client(gallery: Gallery) -> Iterator[httpx.Client]:
    """A program on this machine."""
    with gallery.client() as client:
        yield client

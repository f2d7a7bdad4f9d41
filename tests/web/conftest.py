"""The gallery over real HTTP on loopback, with the model that knows three colours."""

from __future__ import annotations

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
from tagger.core.run_options import Limits
from tagger.image.loader import PhotoLoader
from tagger.model.predictor import Tagger
from tagger.web.security.credentials import Credentials
from tests.drawn import ColourEngine, colour_bundle
from tests.web.serving import serving


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
    """Starts galleries; settings by name, `tagger` for another model, and `loader` to decode elsewhere."""
    with ExitStack() as stack:

        def start(
            loader: PhotoLoader | None = None, password: str | None = None, tagger: Tagger | None = None, **options: Any
        ) -> Gallery:
            credentials, engine = Credentials(tmp_path / "web"), ColourEngine()
            if password:
                credentials.set_password(password)
            tagger = tagger or Tagger(colour_bundle(tmp_path / "bundle"), engine, Limits())
            url = stack.enter_context(serving(store, tagger, tmp_path, loader=loader, **options))
            return Gallery(url, credentials, store, engine)

        yield start


@pytest.fixture
def gallery(start: Start) -> Gallery:
    return start()


@pytest.fixture
def client(gallery: Gallery) -> Iterator[httpx.Client]:
    """A program on this machine."""
    with gallery.client() as client:
        yield client

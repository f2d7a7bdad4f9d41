"""The gallery in this process, on a store of the caller's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.web.server import Address
from db.engine import Store
from tagger.config.settings import load_settings
from tagger.image.loader import InProcessLoader
from tagger.model.predictor import Tagger
from tagger.serving.model_thread import ModelThread
from tagger.serving.thumbnails import Thumbnails
from tagger.web.server import listening, run


@contextmanager
def serving(store: Store, tagger: Tagger, folder: Path) -> Iterator[Address]:
    """Serve the gallery until the block ends.

    Args:
        folder: of its files and thumbnails.
    """
    settings = load_settings({"web_listen": "127.0.0.1:0", "web_folder": folder / "web", "db_url": store.file})
    loader = InProcessLoader(tagger.bundle.card.input, tagger.limits)
    with (
        ModelThread(tagger, loader, k=5) as model,
        Thumbnails(folder / "thumbnails", 10**9, loader) as thumbnails,
        listening(settings, store, model, thumbnails) as (application, listener),
    ):
        stop = threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(run(application, listener, stop)))
        thread.start()
        try:
            host, port = listener.getsockname()
            yield host, port
        finally:
            stop.set()
            thread.join()

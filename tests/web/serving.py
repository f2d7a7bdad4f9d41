"""The gallery over real HTTP, in a thread of this process; benchmarks use it too."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from db.engine import Store
from tagger.config.settings import load_settings
from tagger.image.loader import InProcessLoader, PhotoLoader
from tagger.model.predictor import Tagger
from tagger.serving.model_thread import ModelThread
from tagger.serving.thumbnails import Thumbnails
from tagger.web.server import address_of, listening, run


@contextmanager
def serving(
    store: Store, tagger: Tagger, folder: Path, *, loader: PhotoLoader | None = None, k: int = 3, **options: Any
) -> Iterator[str]:
    """Serve the gallery until the block ends.

    Args:
        store: of the library.
        tagger: answers the photos that are sent.
        folder: for its files and thumbnails.
        loader: reads and decodes the photos; by default in this process.
        k: suggestions for each photo.
        options: settings by name.

    Yields:
        Its address, without a slash at the end.
    """
    values = {"web_listen": "127.0.0.1:0", "web_folder": folder / "web", "db_url": store.file}
    settings = load_settings(values | options)
    loader = loader or InProcessLoader(tagger.bundle.card.input, tagger.limits)
    with (
        ModelThread(tagger, loader, k=k) as model,
        Thumbnails(folder / "thumbnails", 10**9, loader) as thumbnails,
        listening(settings, store, model, thumbnails) as (application, listener),
    ):
        stop = threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(run(application, listener, stop)))
        thread.start()
        try:
            yield address_of(listener)
        finally:
            stop.set()
            thread.join()

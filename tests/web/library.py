"""A small library for tests of the gallery: photos that exist, and what the store says of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from db.engine import Store
from db.write.files import Scanned
from db.write.results import write_results
from db.write.runs import register_model, start_run
from tagger.core.types import Landmark
from tagger.image.thumbnail import copy_file, keep_copy, webp
from tests.db.samples import LANDMARKS, MODEL, START, assessed
from tests.drawn import photos

FIRST = datetime(2024, 5, 1, 12)


def library(store: Store, folder: Path, count: int, **changes: Any) -> list[str]:
    """Photos of consecutive days that show the Eiffel Tower; each third has a low score.

    Returns:
        Their digests, the oldest first.
    """
    batch, digests = [], []
    for number, path in enumerate(photos(folder, count)):
        digests.append(hashlib.sha256(path.read_bytes()).hexdigest())
        values: dict[str, Any] = {"score": 0.5 if number % 3 == 0 else 0.9, "taken_at": FIRST + timedelta(days=number)}
        batch.append(assessed(str(path), sha256=digests[-1], **(values | changes)))
    store_photos(store, batch)
    return digests


def store_photos(store: Store, batch: Sequence[Scanned], *, landmarks: Sequence[Landmark] = LANDMARKS) -> None:
    """Store photos with their places, as a run over somebody's own library does."""
    with store.write() as connection:
        number = register_model(connection, MODEL, landmarks=landmarks)
        run = start_run(connection, START, model=number)
        write_results(connection, batch, run=run, model=number, k=3, keeps_place=True)


def keep_thumbnails(folder: Path, contents: Iterable[str | None]) -> None:
    """Give photos without files a thumbnail: the same for all."""
    first = folder / "drawn.webp"
    keep_copy(first, webp(Image.new("RGB", (400, 300), (90, 120, 150)), 400))
    for sha256 in filter(None, contents):
        file = copy_file(folder, "thumbnail", sha256)
        file.parent.mkdir(parents=True, exist_ok=True)
        os.link(first, file)

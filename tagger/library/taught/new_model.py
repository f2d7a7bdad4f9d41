"""Let a model see the photos that taught places before it was there, so that it tags the library with these places.

The one rule: a photo that lies in the library teaches each model by itself; any other has to be taught again.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from db.engine import Store
from db.read.gallery.detail import photo_files
from db.read.photos import photo_ids
from db.taught.places import store_vectors, taught_places, taught_version
from tagger.core.types import NoLandmark, Tagged
from tagger.library.path_map import PathMap
from tagger.library.taught.rescore import load_taught

if TYPE_CHECKING:
    from tagger.image.loader import PhotoLoader
    from tagger.model.predictor import Tagger


def know_places(
    store: Store,
    tagger: Tagger,
    paths: PathMap,
    *,
    model: int,
    loader: PhotoLoader | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Let a model know the taught places, after it has seen those of their photos that it had not.

    Photos that cannot be read are passed over.

    Args:
        store: has the places.
        tagger: sees the photos, and knows the places from then on.
        paths: where the files of the store are on this machine.
        model: its row id.
        loader: reads and decodes; by default in this process.
        stop: set from any thread, it ends the wait for photos.

    Raises:
        CancelledError: `stop` was set.
    """
    if tagger.projection is not None:
        _see_examples(store, tagger, paths, model, loader, stop)
    tagger.taught = load_taught(store, tagger.bundle, model=model)


def _see_examples(
    store: Store,
    tagger: Tagger,
    paths: PathMap,
    model: int,
    loader: PhotoLoader | None,
    stop: threading.Event | None,
) -> None:
    with store.read() as connection:
        places = taught_places(connection, model=model) if taught_version(connection) else []
        lacking = {place.landmark.id: place.lacking for place in places if place.lacking}
        stored = photo_ids(connection, {sha256 for contents in lacking.values() for sha256 in contents})
        files = [photo_files(connection, sha256) for sha256 in stored]
    there = {paths.here(file.paths[0]): file for file in files if file.paths}
    vectors: dict[str, bytes] = {}
    for result in tagger.with_full_look().tag(there, 1, gps=False, loader=loader, stop=stop):
        answer, contents = result.answer, there[result.path].contents
        if isinstance(answer, Tagged | NoLandmark) and answer.embedded and result.sha256 in contents:
            vectors |= dict.fromkeys(contents, answer.embedded.vector)
    for key, examples in lacking.items():
        seen = {sha256: vectors[sha256] for sha256 in examples if sha256 in vectors}
        if seen:
            with store.write() as connection:
                store_vectors(connection, key, seen, model=model)

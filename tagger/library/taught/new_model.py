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

if TYPE_CHECKING:
    from tagger.image.loader import PhotoLoader
    from tagger.model.predictor import Tagger


def see_examples(
    store: Store,
    tagger: Tagger,
    *,
    model: int,
    paths: PathMap,
    loader: PhotoLoader | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Look at the examples of taught places that a model has not seen. Those that cannot be read are passed over.

    Args:
        store: has the places.
        tagger: sees the photos.
        model: its row id.
        paths: where the files of the store are on this machine.
        loader: reads and decodes; by default in this process.
        stop: set from any thread, it ends the wait for photos.

    Raises:
        CancelledError: `stop` was set.
    """
    if tagger.projection is None:
        return
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

"""Teach a place by photos of the library, and name photos: the gallery's way, without paths.

The one rule: a photo that the large network has seen teaches by its stored embedding; only the others are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from db.engine import Store
from db.read.gallery.detail import PhotoFiles, photo_files
from db.taught.embeddings import SeenPhoto, seen_photos
from tagger.core.errors import TeachingError
from tagger.core.types import Position
from tagger.library.recorder import register
from tagger.library.taught.teach import Seen, Taught, check, seen, teach_seen

if TYPE_CHECKING:
    from tagger.image.loader import PhotoLoader
    from tagger.model.predictor import Tagger


def teach_from_library(
    store: Store,
    tagger: Tagger,
    name: str,
    contents: Sequence[str],
    *,
    loader: PhotoLoader | None = None,
    near: Position | None = None,
    country: str | None = None,
    min_score: float = 0.0,
) -> Taught:
    """Teach a place by photos of the library.

    Args:
        store: of the library.
        tagger: sees the photos, and knows the place from then on.
        name: of the place.
        contents: the SHA-256 digests of the photos.
        loader: reads and decodes those that the large network has not seen; by default in this process.
        near: where it is; None means where the photos were taken.
        country: where it is.
        min_score: a tag needs at least this score.

    Raises:
        UnknownPhoto: one of them is not in the store.
        TeachingError: they cannot teach this place.
        RunInProgress: a run has the store.
    """
    model = register(store, tagger.bundle)
    with store.read() as connection:
        files = {file.sha256: file for file in (photo_files(connection, sha256) for sha256 in contents)}
        stored = seen_photos(connection, files, model=model)
    check(store, tagger.bundle, name, len(files))
    vectors = {sha256: photo.vector for sha256, photo in stored.items() if photo.vector is not None}
    vectors |= _looked_at(tagger, {sha256: file for sha256, file in files.items() if sha256 not in vectors}, loader)
    positions = [position for photo in stored.values() if (position := _position(photo))]
    found = Seen(vectors, {}, positions)
    return teach_seen(store, tagger, name, found, near=near, country=country, min_score=min_score)


def _looked_at(tagger: Tagger, files: Mapping[str, PhotoFiles], loader: PhotoLoader | None) -> dict[str, bytes]:
    """The embeddings of photos that are read now, by the digests that the store has for them."""
    paths = {file.paths[0]: sha256 for sha256, file in files.items() if file.paths}
    if len(paths) < len(files):
        raise TeachingError("A photo cannot teach whose file is gone.")
    found = seen(tagger, list(paths), loader).vectors if paths else {}
    contents = {content: sha256 for sha256, file in files.items() for content in file.contents}
    if not found.keys() <= contents.keys():
        raise TeachingError("A photo cannot teach whose file has changed since the last run: tagger tag")
    return {contents[content]: vector for content, vector in found.items()}


def _position(photo: SeenPhoto) -> Position | None:
    return None if photo.lat is None or photo.lon is None else Position(photo.lat, photo.lon)

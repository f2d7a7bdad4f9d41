"""The photos of a library that look most like one: an exact search over their embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from db.engine import Store
from db.read.files import paths_of
from db.taught.embeddings import has_embeddings
from tagger.core.errors import TeachingError
from tagger.core.run_options import CORES
from tagger.core.types import NoLandmark, Tagged
from tagger.library.recorder import register
from tagger.library.taught.matrix import embedding_matrix
from tagger.model.bundle import Bundle
from tagger.model.embedding import Embeddings

if TYPE_CHECKING:
    from tagger.model.predictor import Tagger

CHUNK = 1024  # embeddings at a time, which stay in a core's cache
# A float16 number becomes a float32 one when its bits are moved, and its exponent is raised: five times as fast as
# numpy's own conversion.
MOVED_BITS, SIGN_AND_VALUE, RAISED = 13, np.int32(-0x70002000), np.float32(2.0**112)


@dataclass(frozen=True, slots=True)
class Similar:
    """A photo that looks like another.

    Args:
        path: of one of its files.
        similarity: -1 to 1.
    """

    path: str
    similarity: float


def similar(store: Store, tagger: Tagger, photo: str, *, limit: int) -> list[Similar]:
    """The photos of a library that look most like a photo, the most similar first; the photo itself is left out.

    Raises:
        TeachingError: the photo cannot be read, or there are no embeddings.
    """
    model = model_with_embeddings(store, tagger.bundle)
    (result,) = tagger.with_full_look().tag([photo], 1, gps=False)
    if not isinstance(result.answer, Tagged | NoLandmark) or result.answer.embedded is None:
        raise TeachingError("The photo cannot be read, or this bundle makes no embeddings.")
    query = np.frombuffer(result.answer.embedded.vector, np.float16).astype(np.float32)
    with embedding_matrix(store, model=model, dimensions=len(query)) as vectors:
        scores = inner_products(vectors, query)  # (N,), by photo id
    count, found = limit + 1, list[Similar]()
    while True:  # usually once; photos whose files are gone make room for others
        best = nearest(scores, count)
        found = _with_paths(store, best, scores[best], photo)
        if len(found) >= limit or len(best) < count:
            return found[:limit]
        count *= 4


def model_with_embeddings(store: Store, bundle: Bundle) -> int:
    """The row id of a bundle's model.

    Raises:
        TeachingError: no photo has an embedding by it.
    """
    model = register(store, bundle)
    with store.read() as connection:
        if not has_embeddings(connection, model=model):
            raise TeachingError("This model has seen no photo of the library. Tag the photos with it first: tagger tag")
    return model


def _with_paths(store: Store, photos: NDArray[np.intp], scores: NDArray[np.float32], asked: str) -> list[Similar]:
    """Photos that have a file, without the one that was asked about."""
    files: dict[int, list[str]] = {}
    with store.read() as connection:
        for number, path, _ in paths_of(connection, photos.tolist()):
            files.setdefault(number, []).append(path)
    return [
        Similar(files[number][0], round(float(score), 4))
        for number, score in zip(photos.tolist(), scores, strict=True)
        if number in files and asked not in files[number]
    ]


def nearest(scores: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """The indices of the largest scores, the largest first. A score of exactly 0 is that of no photo."""
    ranked = np.where(scores == 0, -np.inf, scores)
    count = min(count, len(ranked))
    best = np.argpartition(-ranked, count - 1)[:count] if count else np.zeros(0, np.intp)
    best = best[np.argsort(-ranked[best], kind="stable")]
    return best[np.isfinite(ranked[best])]


def inner_products(vectors: NDArray[np.float16], query: Embeddings) -> NDArray[np.float32]:
    """The inner product of each row, (N, dimensions), with a query: (N,)."""
    scores, raised = np.empty(len(vectors), np.float32), query * RAISED

    def fill(start: int) -> None:
        scores[start : start + CHUNK] = _lowered(vectors[start : start + CHUNK]) @ raised

    with ThreadPoolExecutor(CORES) as threads:
        list(threads.map(fill, range(0, len(vectors), CHUNK)))
    return scores


def as_float32(vectors: NDArray[np.float16]) -> Embeddings:
    """Finite float16 numbers as float32."""
    values = _lowered(vectors)
    values *= RAISED
    return values


def _lowered(vectors: NDArray[np.float16]) -> Embeddings:
    """Finite float16 numbers, divided by `RAISED`, as float32."""
    bits = vectors.view(np.int16).astype(np.int32)
    bits <<= MOVED_BITS
    bits &= SIGN_AND_VALUE
    values: Embeddings = bits.view(np.float32)
    return values


def rows_of(vectors: Sequence[bytes]) -> NDArray[np.float16]:
    """Stored embeddings as (N, dimensions)."""
    return np.frombuffer(b"".join(vectors), np.float16).reshape(len(vectors), -1)

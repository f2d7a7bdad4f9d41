"""How long does it take to find photos among many, and to score them all again after a place was taught?

The embeddings are random, of the shipped bundle's size; one photo in a hundred resembles a taught place. `first` is a
search that reads them from the database, `search` a later one, which has their matrix in a file.
"""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sqlalchemy import insert

from db.engine import Store, open_store
from db.schema.models import Assessment, Landmark, Photo, Run, Suggestion
from db.schema.taught import Embedding
from db.taught.embeddings import mark_embeddings
from db.taught.places import store_place
from tagger.core import types
from tagger.library.recorder import register
from tagger.library.taught.matrix import embedding_matrix
from tagger.library.taught.rescore import rescore
from tagger.library.taught.similar import inner_products, nearest
from tagger.model.bundle import open_bundle
from tagger.model.embedding import packed, projection_of

CHUNK = 20_000
SUGGESTIONS = 5
LIKE_PLACE = 100  # one photo in so many


def main(*, photos: int = 100_000) -> None:
    bundle = open_bundle()
    projection = projection_of(bundle)
    assert projection
    random = np.random.default_rng(0)
    place = unit(random.standard_normal((1, projection.dimensions)))[0]
    with tempfile.TemporaryDirectory() as folder, open_store(f"sqlite:///{Path(folder) / 'many.sqlite'}") as store:
        model = register(store, bundle)
        fill(store, model, photos, place, random)
        print(f"{photos:,} photos, {projection.dimensions} dimensions")
        cache = Path(folder) / "cache"
        print(f"first    {searched(store, model, place, cache):8.2f} s")
        print(f"search   {min(searched(store, model, place, cache) for _ in range(5)):8.3f} s")
        teach_cabin(store, model, place)
        began = time.perf_counter()
        rescore(store, bundle, model=model, min_score=0.0)
        print(f"rescore  {time.perf_counter() - began:8.2f} s")


def teach_cabin(store: Store, model: int, place: np.ndarray) -> None:
    examples = dict(zip("abc", packed(np.stack([place] * 3)), strict=True))
    with store.write() as connection:
        store_place(connection, types.Landmark("cabin", "Cabin"), None, examples, model)


def searched(store: Store, model: int, query: np.ndarray, cache: Path) -> float:
    """Seconds of a search, with opening the matrix."""
    began = time.perf_counter()
    with embedding_matrix(store, model=model, dimensions=len(query), folder=cache) as vectors:
        nearest(inner_products(vectors, query), 20)
    return time.perf_counter() - began


def unit(rows: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    found: np.ndarray = (rows / lengths).astype(np.float32)
    return found


def fill(store: Store, model: int, photos: int, place: np.ndarray, random: np.random.Generator) -> None:
    """Store photos with an answer and an embedding each."""
    now = datetime.now(UTC)
    with store.write() as connection:
        run = dict.fromkeys(("engine", "device", "precision", "reason", "tagger_version"), "")
        connection.execute(
            insert(Run).values(**run, model_id=model, started_at=now, status="done", roots=[], k=SUGGESTIONS)
        )
        landmarks = list(connection.execute(Landmark.__table__.select().with_only_columns(Landmark.id)).scalars())
    for start in range(1, photos + 1, CHUNK):
        numbers = range(start, min(start + CHUNK, photos + 1))
        rows = unit(random.standard_normal((len(numbers), len(place))))
        rows[::LIKE_PLACE] = unit(rows[::LIKE_PLACE] * 0.5 + place)
        common = {"size_bytes": 1, "width": 1, "height": 1, "format": "JPEG", "taken_from": "mtime", "added_at": now}
        answer = {"model_id": model, "run_id": 1}
        with store.write() as connection:
            connection.execute(
                insert(Photo),
                [
                    {"id": n, "sha256": f"{n:064x}", "taken_at": datetime(2020, 1, 1), "current_model_id": model}
                    | common
                    for n in numbers
                ],
            )
            assessed = {"status": "none", "k": SUGGESTIONS, "assessed_at": now}
            connection.execute(insert(Assessment), [{"photo_id": n, **answer, **assessed} for n in numbers])
            suggestion = {"score": 0.1, "is_tag": False, "visual_score": 0.1}
            connection.execute(
                insert(Suggestion),
                [
                    {"photo_id": n, **answer, "rank": rank, "landmark_id": landmarks[rank], **suggestion}
                    for n in numbers
                    for rank in range(1, SUGGESTIONS + 1)
                ],
            )
            embedded = {"model_id": model, "look": "full", "taught_share": 0.0}
            connection.execute(
                insert(Embedding),
                [
                    {"photo_id": n, **embedded, "vector": vector}
                    for n, vector in zip(numbers, packed(rows), strict=True)
                ],
            )
            mark_embeddings(connection, numbers[::100])

"""The taught places of a store, as a model knows them, and at which scores they are tags.

The one rule: a threshold follows from the examples and the library. A place's score on photos that show something else
may reach it as rarely as the shipped landmarks' do theirs.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from db.engine import Store
from db.taught.embeddings import vectors_of_others
from db.taught.places import LEAST_PHOTOS, store_thresholds, taught_places, taught_version
from tagger.core.text import printable
from tagger.model.bundle import Bundle
from tagger.model.embedding import Embeddings, projection_of, unpacked
from tagger.model.taught import DEFAULT_THRESHOLD, OFFSET, SLOPE, TaughtPlace, TaughtPlaces, hubness, prototype

if TYPE_CHECKING:
    from tagger.model.embedding import Projection

log = logging.getLogger(__name__)

FALSE_TAGS = 0.005  # of photos that show something else
MOST_OTHERS = 20_000  # photos of the library to compare with
HIGHEST = 0.99
NOT_SEEN = "This model has not seen the photos of %s. If they are in the library: tagger tag; otherwise teach it again"


def load_taught(store: Store, bundle: Bundle, *, model: int) -> TaughtPlaces:
    """The taught places, with a threshold each; finds those that this model lacks.

    A place that the model knows by itself is left out, and so is one with too few examples, or without an embedding by
    this model.

    Args:
        store: has them.
        bundle: of the model.
        model: its row id.
    """
    own = bundle.card.thresholds
    with store.read() as connection:
        version = taught_version(connection)
        rows = taught_places(connection, model=model) if version else []
    rows = [row for row in rows if row.landmark.id not in own and row.photos >= LEAST_PHOTOS]
    projection = projection_of(bundle) if rows else None
    if projection is None:
        if rows:
            log.warning("This model makes no embeddings, so it knows no place that was taught")
        return TaughtPlaces(version)
    for row in rows:
        if not row.examples:
            log.warning(NOT_SEEN, printable(row.landmark.name))
    rows = [row for row in rows if row.examples]
    examples = {row.landmark.id: unpacked(list(row.examples.values())) for row in rows}
    thresholds = {row.landmark.id: row.threshold for row in rows if row.threshold is not None}
    if missing := examples.keys() - thresholds.keys():
        found = {key: threshold(examples[key], _others(store, key, model), projection) for key in missing}
        with store.write() as connection:
            store_thresholds(connection, found, model=model)
        thresholds |= found
    places = [
        TaughtPlace(row.landmark, prototype(examples[row.landmark.id]), thresholds[row.landmark.id]) for row in rows
    ]
    return TaughtPlaces(version, places, projection.background)


def threshold(examples: Embeddings, others: Embeddings, projection: Projection) -> float:
    """The score at which a place is a tag.

    Args:
        examples: (N, dimensions).
        others: (M, dimensions), photos of the library that show something else.
        projection: of the model.

    Returns:
        High enough for the other photos, but not higher than what half of the examples reach when the rest teaches.
    """
    if not len(others):
        return DEFAULT_THRESHOLD
    enough = float(np.quantile(_scores(prototype(examples), others, projection), 1 - FALSE_TAGS))
    reached = float(np.median(left_out_scores(examples, projection)))
    return round(min(max(DEFAULT_THRESHOLD, enough), max(DEFAULT_THRESHOLD, reached), HIGHEST), 4)


def left_out_scores(examples: Embeddings, projection: Projection) -> NDArray[np.float32]:
    """The score of each example, (N,), when all others teach; landmarks leave it everything."""
    if len(examples) == 1:
        return np.zeros(1, np.float32)
    rest = (np.delete(examples, index, axis=0) for index in range(len(examples)))
    scores = [_scores(prototype(part), row[None], projection) for part, row in zip(rest, examples, strict=True)]
    return np.concatenate(scores)


def _scores(prototype: Embeddings, photos: Embeddings, projection: Projection) -> NDArray[np.float32]:
    """(N,), what photos score for one place."""
    background = projection.background
    margins = photos @ prototype - hubness(photos, background) - hubness(prototype[None], background)  # (N,)
    scores: NDArray[np.float32] = 1 / (1 + np.exp(-(SLOPE * margins + OFFSET)))
    return scores


def _others(store: Store, key: str, model: int) -> Embeddings:
    """Photos of the library that show something else: another landmark, or none by decision. (M, dimensions)"""
    with store.read() as connection:
        vectors = vectors_of_others(connection, key, model=model, limit=MOST_OTHERS)
    return unpacked(vectors) if vectors else np.zeros((0, 0), np.float32)

"""Score stored photos again after places were taught or removed, by their embeddings alone.

The one rule: the answers to photos follow from the network's scores, the taught places, and coordinates, whichever was
known first. So a killed pass goes on where it ended, and a second one changes nothing.

A photo that the first look answered may show a new place. Its answer is removed, so that the next run asks the large
network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from db.engine import Store
from db.taught.answers import forget_answers, photo_answers, replace_answers
from db.taught.embeddings import embedded_photos, is_rescored, rescored_to, save_rescored
from db.taught.places import taught_version
from tagger.core.types import Embedded, NoLandmark, Position, Tagged
from tagger.evidence.gps import apply_gps_prior
from tagger.library.finalize import count_votes
from tagger.model.bundle import Bundle

if TYPE_CHECKING:
    from tagger.model.taught import TaughtPlaces

PHOTOS = 20_000  # in a transaction


def load_taught(store: Store, bundle: Bundle, *, model: int) -> TaughtPlaces:
    """As `tagger.library.taught.places.load_taught`, which needs numpy and is not imported before."""
    from tagger.library.taught.places import load_taught

    return load_taught(store, bundle, model=model)


def rescore(store: Store, bundle: Bundle, *, model: int, min_score: float) -> int:
    """Let all stored answers of a model follow the taught places.

    Votes are undone first, since they build on tags; the next end of a run counts them again.

    Args:
        store: of the photos; the caller holds its lock for runs.
        bundle: of the model.
        model: its row id.
        min_score: a tag needs at least this score.

    Returns:
        The number of photos that the next run asks the large network about.
    """
    with store.read() as connection:
        version = taught_version(connection)
        if not version or is_rescored(connection, model=model, version=version):
            return 0
    card = bundle.card.stricter(min_score)
    taught = load_taught(store, bundle, model=model).stricter(min_score)
    count_votes(store, model=model, thresholds=card.thresholds | taught.thresholds, vote_gap_min=0)
    asked = 0
    while True:
        with store.read() as connection:
            after = rescored_to(connection, model=model, version=version)
            rows = embedded_photos(connection, model=model, after=after, limit=PHOTOS)
        if not rows:
            break
        asked += _rescore_batch(store, rows, taught, bundle, model=model, min_score=min_score)
    return asked


def _rescore_batch(
    store: Store, rows: Sequence[Any], taught: TaughtPlaces, bundle: Bundle, *, model: int, min_score: float
) -> int:
    import numpy as np

    from tagger.model.embedding import unpacked
    from tagger.model.taught import GATE, LEAST_ODDS, OFFSET, SLOPE, restored

    card = bundle.card.stricter(min_score)
    thresholds = card.thresholds | taught.thresholds
    margins = taught.margins(unpacked([row.vector for row in rows]))  # (N, places)
    best = margins.max(axis=1, initial=-1)  # (N,)
    may_count = SLOPE * best + OFFSET >= np.log(LEAST_ODDS)
    is_first = np.array([row.look == "first" for row in rows])
    asked = [rows[int(index)].photo_id for index in np.flatnonzero(is_first & (best >= GATE))]
    had = np.array([row.taught_share > 0 for row in rows])
    changed = {rows[int(index)].photo_id: int(index) for index in np.flatnonzero(~is_first & (may_count | had))}
    with store.write() as connection:
        found = []
        for photo, answer, lat, lon in photo_answers(connection, list(changed), model=model):
            if not isinstance(answer, Tagged | NoLandmark) or not answer.suggestions:
                continue
            index = changed[photo]
            stored = replace(answer, embedded=Embedded(rows[index].vector, rows[index].taught_share))
            weighed = taught.weigh(restored(stored, card), SLOPE * margins[index] + OFFSET, card)
            position = None if lat is None or lon is None else Position(lat, lon)
            final = apply_gps_prior(weighed, position, thresholds)
            assert isinstance(final, Tagged | NoLandmark)
            found.append((photo, final))
        replace_answers(connection, found, model=model)
        forget_answers(connection, asked, model=model)
        save_rescored(connection, rows[-1].photo_id, model=model, version=taught.version)
    return len(asked)

"""A changed minimum score, applied to what is stored.

The one rule: stored tags follow the minimum score of the newest run, without reading a photo again.
"""

from __future__ import annotations

import logging

from db.engine import Store
from db.taught.places import taught_thresholds
from db.write.thresholds import apply_thresholds, stored_min_score
from tagger.library.finalize import count_votes
from tagger.library.taught.rescore import rescore
from tagger.model.bundle import Bundle
from tagger.model.card import Card

log = logging.getLogger(__name__)


def update_answers(store: Store, bundle: Bundle, *, model: int, min_score: float) -> None:
    """Let the stored answers follow the minimum score, and what was taught by a process that was killed.

    Call it before a scan, which finds the photos that lose their answers by it; otherwise as `apply_min_score`.
    """
    apply_min_score(store, bundle.card, model=model, min_score=min_score)
    rescore(store, bundle, model=model, min_score=min_score)


def apply_min_score(store: Store, card: Card, *, model: int, min_score: float) -> None:
    """Decide again which stored suggestions of a model are tags, if its minimum score has changed.

    Votes are undone first, since they build on tags; the next end of a run counts them again.

    Args:
        store: where the suggestions are.
        card: of the model.
        model: its row id.
        min_score: a tag needs at least this score.
    """
    with store.read() as connection:
        if stored_min_score(connection, model=model) == min_score:
            return
    thresholds = stored_thresholds(store, card, model=model, min_score=min_score)
    count_votes(store, model=model, thresholds=thresholds, vote_gap_min=0)
    with store.write() as connection:
        photos = apply_thresholds(connection, thresholds, model=model, min_score=min_score)
    if photos:
        log.info("A tag now needs a score of %g: the tags of %d stored photos changed", min_score, photos)


def stored_thresholds(store: Store, card: Card, *, model: int, min_score: float) -> dict[str, float]:
    """The smallest score at which a landmark or a taught place is a tag, by its key."""
    with store.read() as connection:
        taught = taught_thresholds(connection, model=model)
    return {key: max(value, min_score) for key, value in taught.items()} | card.stricter(min_score).thresholds

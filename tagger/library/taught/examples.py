"""Examples of places one by one, as they come in a conversation.

The one rule: the model knows a place once it has enough examples, whenever and in whatever order they came.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from db.engine import Store
from db.taught.places import store_place
from tagger.core.errors import RunInProgress
from tagger.core.types import Landmark
from tagger.library.locks.run import run_lock
from tagger.library.recorder import register
from tagger.library.taught.names import new_key
from tagger.library.taught.overlap import Overlap, overlap_of
from tagger.library.taught.places import load_taught
from tagger.library.taught.rescore import rescore
from tagger.library.taught.teach import MOST_PHOTOS, Seen, stored_place

if TYPE_CHECKING:
    from tagger.model.predictor import Tagger


class Added(NamedTuple):
    """A place to which photos were added.

    Attributes:
        photos: how many teach it now.
        overlap: the landmark that most of the new ones were tagged as before, if there is one.
    """

    landmark: Landmark
    photos: int
    overlap: Overlap | None


def add_examples(store: Store, tagger: Tagger, name: str, found: Seen, *, min_score: float = 0.0) -> Added:
    """Add photos to a place, which may be new; more than 50 are ignored.

    Args:
        store: of the places.
        tagger: knows the place once it has enough photos.
        name: of the place.
        found: what the large network sees on the photos; their positions do not count.
        min_score: a tag needs at least this score.

    Raises:
        TeachingError: the name is a landmark's, or has no letters.
    """
    key, model = new_key(tagger.bundle, name), register(store, tagger.bundle)
    place = stored_place(store, key, model)
    landmark, radius_km = (place.landmark, place.radius_km) if place else (Landmark(key, name), None)
    vectors, overlap = found.vectors, overlap_of(store, key, found.vectors, found.tags)
    known, lacking = (place.contents, place.lacking) if place else (frozenset[str](), ())
    new = [sha256 for sha256 in vectors if sha256 not in known][: MOST_PHOTOS - len(known)]
    if added := {sha256: vectors[sha256] for sha256 in vectors if sha256 in new or sha256 in lacking}:
        with store.write() as connection:
            store_place(connection, landmark, radius_km, added, model)
        follow_examples(store, tagger, min_score=min_score)
        place = stored_place(store, key, model)  # others may have added photos meanwhile
    return Added(landmark, place.photos if place else 0, overlap)


def follow_examples(store: Store, tagger: Tagger, *, min_score: float = 0.0) -> None:
    """Let a model, and the stored answers, follow examples that were added or removed.

    If a run has the store, that run scores the library's photos again at its end.
    """
    model = register(store, tagger.bundle)
    with suppress(RunInProgress), run_lock(store):
        rescore(store, tagger.bundle, model=model, min_score=min_score)
    tagger.taught = load_taught(store, tagger.bundle, model=model)

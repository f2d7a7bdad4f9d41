"""Naming photos: a landmark's name is a decision about them, and a new name teaches a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.errors import UnknownLandmark
from db.read.catalog import find_landmark, landmarks
from db.read.gallery.tiles import Tile
from db.taught.places import LEAST_PHOTOS, taught_landmarks
from tagger.core.types import Landmark, Position
from tagger.library.taught.from_library import teach_from_library
from tagger.library.taught.names import key_of
from tagger.library.taught.overlap import Overlap
from tagger.library.taught.teach import MOST_PHOTOS
from tagger.web.api.decisions import store_decisions
from tagger.web.api.schemas import DecisionIn
from tagger.web.api.taught_schemas import NameIn
from tagger.web.services import Services


@dataclass(frozen=True, slots=True)
class Named:
    """What naming did.

    Args:
        landmark: what the photos show.
        is_taught: whether they taught it.
        overlap: the landmark that most of the photos which taught it were tagged as before, if there is one.
        ids: of the decisions.
        photos: as they are now.
    """

    landmark: Landmark
    is_taught: bool
    overlap: Overlap | None
    ids: list[int]
    photos: Sequence[Tile]


def name_photos(services: Services, who: str, named: NameIn) -> Named:
    """Decide that photos show a place, after they have taught it if it is new or was taught before.

    Raises:
        UnknownPhoto: one of them is unknown.
        TeachingError: they cannot teach a place with this name.
        RunInProgress: a run has the store, so that nothing can be taught.
    """
    key = _known(services, named)
    overlap: Overlap | None = None
    if is_taught := key is None:
        near = None if named.lat is None or named.lon is None else Position(named.lat, named.lon)
        done = teach_from_library(
            services.store,
            services.model.tagger,
            named.name.strip(),
            named.photos[:MOST_PHOTOS],
            loader=services.model.loader,
            near=near,
            country=named.country,
            min_score=services.model.min_score,
        )
        key, overlap = done.landmark.id, done.overlap
    decision = DecisionIn(verdict="shows", landmark=key)
    ids, photos = store_decisions(services, who, list(dict.fromkeys(named.photos)), decision)
    with services.store.read() as connection:
        landmark = next(one for one in landmarks(connection).values() if one.id == key)
    return Named(landmark, is_taught, overlap, ids, photos)


def _known(services: Services, named: NameIn) -> str | None:
    """The key of the landmark with this name; None if it is to be taught, or to be taught more photos.

    A name that the model does not know by itself may be left from decisions, after its place was removed.
    """
    with services.store.read() as connection:
        try:
            key = find_landmark(connection, named.name)
        except UnknownLandmark:
            return None
        taught = {place.id for place in taught_landmarks(connection)}
    is_own = key in services.model.tagger.bundle.card.thresholds or key != key_of(named.name)
    return None if not is_own and (key in taught or len(set(named.photos)) >= LEAST_PHOTOS) else key

"""Teach a place by a few photos, list what was taught, test it, and remove it again.

The one rule: a photo that teaches is looked at by the large network, whatever the first look says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from db.engine import Store
from db.taught.embeddings import is_rescored
from db.taught.places import (
    LEAST_PHOTOS,
    TaughtRow,
    remove_places,
    remove_unused,
    store_place,
    taught_places,
    taught_version,
)
from tagger.core.distance import distance_km
from tagger.core.errors import TeachingError
from tagger.core.text import nearest, plain, printable
from tagger.core.types import Failed, Landmark, NoLandmark, Position, Tagged
from tagger.evidence.gps import FAR_KM
from tagger.library.locks.run import run_lock
from tagger.library.recorder import register
from tagger.library.taught.names import key_of, new_key
from tagger.library.taught.overlap import Overlap, overlap_of
from tagger.library.taught.places import left_out_scores, load_taught
from tagger.library.taught.rescore import rescore
from tagger.model.embedding import projection_of, unpacked

if TYPE_CHECKING:
    from tagger.image.loader import PhotoLoader
    from tagger.model.bundle import Bundle
    from tagger.model.predictor import Tagger

MOST_PHOTOS = 50
LEAST_RADIUS_KM = 0.1


@dataclass(frozen=True, slots=True)
class Taught:
    """A place that was taught.

    Args:
        scores: of its examples, when all others teach.
        asked: the photos that the next run looks at again.
        overlap: the landmark that most of the given photos were tagged as before, if there is one.
        far: how many of the given photos were taken too far from it to show it.
    """

    landmark: Landmark
    threshold: float
    scores: tuple[float, ...]
    asked: int
    overlap: Overlap | None
    far: int


class Seen(NamedTuple):
    """What a model sees on photos that teach.

    Attributes:
        vectors: the embedding of each, by sha256.
        tags: the landmarks that it knows, by sha256.
        positions: where photos were taken.
    """

    vectors: dict[str, bytes]
    tags: dict[str, Landmark]
    positions: list[Position]


def teach(
    store: Store,
    tagger: Tagger,
    name: str,
    photos: Sequence[str],
    *,
    near: Position | None = None,
    country: str | None = None,
    min_score: float = 0.0,
) -> Taught:
    """Teach a place, or add photos to one, and score the library's photos again.

    Args:
        store: of the library.
        tagger: sees the photos; it knows the place from then on.
        name: of the place.
        photos: paths of 3 to 50 photos; a place that was taught before needs only one.
        near: where it is; None means where the photos were taken.
        country: where it is.
        min_score: a tag needs at least this score.

    Raises:
        TeachingError: there are too few or too many photos, one cannot be read, or the name is a landmark's.
        RunInProgress: a run has the store.
    """
    check(store, tagger.bundle, name, len(photos))
    found = seen(tagger, photos)
    return teach_seen(store, tagger, name, found, near=near, country=country, min_score=min_score)


def check(store: Store, bundle: Bundle, name: str, photos: int) -> None:
    """Refuse what cannot be taught, before photos are looked at.

    Args:
        store: of the library.
        bundle: of the model.
        name: of the place.
        photos: how many there are.

    Raises:
        TeachingError: there are too few or too many photos, or the name is a landmark's.
    """
    key = new_key(bundle, name)
    stored = stored_place(store, key, register(store, bundle))
    _check_count(photos if photos >= LEAST_PHOTOS or not stored else photos + stored.photos)  # some may be known


def teach_seen(
    store: Store,
    tagger: Tagger,
    name: str,
    found: Seen,
    *,
    near: Position | None = None,
    country: str | None = None,
    min_score: float = 0.0,
) -> Taught:
    """Teach a place by photos that the model has seen; otherwise as `teach`.

    Args:
        store: of the library.
        tagger: knows the place from then on.
        name: of the place, see `check`.
        found: what the large network sees on the photos.
        near: where it is; None means where the photos were taken.
        country: where it is.
        min_score: a tag needs at least this score.
    """
    key, model = key_of(name), register(store, tagger.bundle)
    stored = stored_place(store, key, model)
    new = found.vectors.keys() - (stored.contents if stored else ())  # one photo may have come twice
    _check_count(len(new) + (stored.photos if stored else 0))
    known = stored.landmark.position if stored and near is None else None  # somebody may have said where it is
    position, radius_km, far = _place(near or known, found.positions)
    radius_km = stored.radius_km if stored and known else radius_km
    country = country or (stored.landmark.country if stored else None)
    lat, lon = (position.lat, position.lon) if position else (None, None)
    landmark = Landmark(key, name, country, lat, lon)
    with run_lock(store):
        overlap = overlap_of(store, key, found.vectors, found.tags)
        with store.write() as connection:
            store_place(connection, landmark, radius_km, found.vectors, model)
        asked = rescore(store, tagger.bundle, model=model, min_score=min_score)
    tagger.taught = load_taught(store, tagger.bundle, model=model)
    scores = example_scores(store, tagger.bundle, key)
    return Taught(landmark, tagger.taught.thresholds[key], scores, asked, overlap, far)


def taught(store: Store, bundle: Bundle) -> list[TaughtRow]:
    """All taught places."""
    with store.read() as connection:
        if not taught_version(connection):
            return []
    model = register(store, bundle)
    load_taught(store, bundle, model=model)  # finds thresholds
    with store.read() as connection:
        return taught_places(connection, model=model)


def remove(store: Store, bundle: Bundle, name: str, *, min_score: float = 0.0) -> Landmark:
    """Remove a taught place, and its suggestions. Decisions that name it stay.

    Raises:
        TeachingError: no place of this name was taught.
        RunInProgress: a run has the store.
    """
    landmark, model = _find(store, bundle, name).landmark, register(store, bundle)
    with run_lock(store):
        with store.write() as connection:
            remove_places(connection, [landmark.id])
        rescore(store, bundle, model=model, min_score=min_score)
        with store.write() as connection:
            if is_rescored(connection, model=model, version=taught_version(connection)):
                remove_unused(connection, [landmark.id])
    return landmark


def example_scores(store: Store, bundle: Bundle, name: str) -> tuple[float, ...]:
    """The score of each example of a place when all others teach.

    Raises:
        TeachingError: no place of this name was taught.
    """
    row, projection = _find(store, bundle, name), projection_of(bundle)
    if projection is None or not row.examples:
        raise TeachingError(f"This model has not seen the photos of {row.landmark.name}. Teach it again.")
    scores = left_out_scores(unpacked(list(row.examples.values())), projection)
    return tuple(round(float(score), 4) for score in scores)


def _check_count(photos: int) -> None:
    if not LEAST_PHOTOS <= photos <= MOST_PHOTOS:
        raise TeachingError(f"A place is taught by {LEAST_PHOTOS} to {MOST_PHOTOS} photos, not by {photos}.")


def stored_place(store: Store, key: str, model: int) -> TaughtRow | None:
    """The place with a key; None if it was not taught."""
    with store.read() as connection:
        return {row.landmark.id: row for row in taught_places(connection, model=model)}.get(key)


def _find(store: Store, bundle: Bundle, name: str) -> TaughtRow:
    places = {row.landmark.id: row for row in taught(store, bundle)}
    for key, row in places.items():
        if plain(name) in (plain(key), plain(row.landmark.name)):
            return row
    guesses = nearest(name, {key: (key, row.landmark.name) for key, row in places.items()})
    hint = f" Did you mean {', '.join(guesses)}?" if guesses else " `tagger taught` lists the taught places."
    raise TeachingError(f"Nobody has taught {printable(name)}.{hint}")


def seen(tagger: Tagger, photos: Sequence[str], loader: PhotoLoader | None = None) -> Seen:
    """Look at photos that teach.

    Args:
        tagger: sees them.
        photos: their paths.
        loader: reads and decodes them; by default in this process.

    Raises:
        TeachingError: one cannot be read, or the model makes no embeddings.
    """
    found = Seen({}, {}, [])
    for result in tagger.with_full_look().tag(photos, 1, gps=False, loader=loader):
        answer = result.answer
        if not isinstance(answer, Tagged | NoLandmark) or result.sha256 is None:
            problem = answer.message if isinstance(answer, Failed) else "it has no answer"
            raise TeachingError(f"{printable(result.path)} cannot teach: {problem}.")
        if answer.embedded is None:
            raise TeachingError("This bundle makes no embeddings. Add them: python -m training embedding RUN")
        found.vectors[result.sha256] = answer.embedded.vector
        if isinstance(answer, Tagged):
            found.tags[result.sha256] = answer.suggestions[0].landmark
        if result.info and result.info.lat is not None and result.info.lon is not None:
            found.positions.append(Position(result.info.lat, result.info.lon))
    return found


def _place(said: Position | None, positions: Sequence[Position]) -> tuple[Position | None, float | None, int]:
    """Where a place is: what was said, else the median of its photos.

    Returns:
        The position, the radius that holds nine in ten of the photos near it, and how many were taken far away. If
        those are most of the photos, it is unknown where the place is.
    """
    place = said
    if place is None and positions:
        lat, lon = np.median([(position.lat, position.lon) for position in positions], axis=0)
        place = Position(round(float(lat), 6), round(float(lon), 6))
    if place is None:
        return None, None, 0
    distances = [distance_km(place, position) for position in positions]
    nearby = [distance for distance in distances if distance <= FAR_KM]
    far = len(distances) - len(nearby)
    if said is None and far > len(nearby):
        return None, None, far
    return place, max(LEAST_RADIUS_KM, round(float(np.quantile(nearby or [0.0], 0.9)), 3)), far

"""Groups of photos that show one place that the model cannot name.

Each photo is compared with all others. Those that are among each other's nearest and similar enough form groups; groups
whose prototypes are similar become one; and each photo joins the group whose prototype it resembles, as if that were
taught. Less similarity is enough for one that was taken within an hour of a photo in the group. Similarities are those
of `tagger.model.taught`: beyond the background's.

Source:
    `python -m benchmarks unknown`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from db.engine import Store
from db.read.files import paths_of
from db.taught.embeddings import untagged_photos
from tagger.core.distance import distance_km
from tagger.core.types import Position
from tagger.evidence.gps import FAR_KM
from tagger.image.phash import connected_groups
from tagger.library.recorder import register
from tagger.library.taught.similar import as_float32, rows_of
from tagger.model.bundle import Bundle
from tagger.model.embedding import Embeddings, projection_of
from tagger.model.taught import hubness, prototype

NEIGHBOURS = 5  # that a photo may be linked to
LINKED, MERGED, JOINED = 0.3, 0.35, 0.2  # similarities of two photos, two prototypes, and a photo and a prototype
JOINED_IN_TIME = 0.1  # the last one within an hour
HOUR_S = 3600.0
ROUNDS = 2
LEAST_PHOTOS = 4
MOST_PHOTOS = 50_000  # the newest; all pairs are compared
ROWS = 1024  # photos that are compared with all others at a time
NO_GROUP = -1


@dataclass(frozen=True, slots=True)
class UnknownPlace:
    """Photos of one place that nobody has named.

    Args:
        paths: of the photos, the most typical first.
        near: the median of their positions.
        contents: the SHA-256 digests of the photos.
    """

    paths: tuple[str, ...]
    near: Position | None
    contents: tuple[str, ...]


def unknown_places(store: Store, bundle: Bundle, *, most: int = MOST_PHOTOS) -> list[UnknownPlace]:
    """The places in a library's untagged photos, those with the most photos first.

    Args:
        store: of the library.
        bundle: of the model.
        most: how many photos are compared, the newest.
    """
    projection, model = projection_of(bundle), register(store, bundle)
    with store.read() as connection:
        rows = untagged_photos(connection, model=model, limit=most)
    if projection is None or not rows:
        return []
    embeddings = as_float32(rows_of([row.vector for row in rows]))
    positions = np.array([(row.lat, row.lon) for row in rows], dtype=float)  # NaN where unknown
    groups = cluster(embeddings, projection.background, positions, np.array([_seconds(row.taken_at) for row in rows]))
    places = []
    for group in sorted(set(groups.tolist()) - {NO_GROUP}):
        members = np.flatnonzero(groups == group)
        typical = members[np.argsort(-(embeddings[members] @ prototype(embeddings[members])), kind="stable")]
        photos = [rows[int(index)] for index in typical]
        with store.read() as connection:
            files = {number: path for number, path, _ in paths_of(connection, [photo.photo_id for photo in photos])}
        photos = [photo for photo in photos if photo.photo_id in files]
        paths = tuple(files[photo.photo_id] for photo in photos)
        taken = [(photo.lat, photo.lon) for photo in photos if photo.lat is not None and photo.lon is not None]
        near = Position(*(round(float(value), 6) for value in np.median(taken, axis=0))) if taken else None
        if len(paths) >= LEAST_PHOTOS:
            places.append(UnknownPlace(paths, near, tuple(photo.sha256 for photo in photos)))
    return sorted(places, key=lambda place: -len(place.paths))


def cluster(
    embeddings: Embeddings,
    background: Embeddings,
    positions: NDArray[np.float64] | None = None,
    times: NDArray[np.float64] | None = None,
) -> NDArray[np.int64]:
    """The group of each photo, (N,), or `NO_GROUP`.

    Args:
        embeddings: (N, dimensions).
        background: (B, dimensions), of the bundle.
        positions: (N, 2), degrees; NaN where unknown. Photos from far apart are never linked.
        times: (N,), seconds; NaN where unknown.
    """
    times = np.full(len(embeddings), np.nan) if times is None else times
    hubs = hubness(embeddings, background)  # (N,)
    links = _links(embeddings, hubs)
    if positions is not None:
        links = [(one, other) for one, other in links if not _are_far(positions[one], positions[other])]
    groups = _without_small(np.array(connected_groups(len(embeddings), links), dtype=np.int64))
    for _ in range(ROUNDS):
        groups = _merged(groups, embeddings, background)
        ids = np.unique(groups[groups != NO_GROUP])
        if not len(ids):
            break
        prototypes = np.stack([prototype(embeddings[groups == group]) for group in ids])  # (groups, dimensions)
        margins = embeddings @ prototypes.T - hubs[:, None] - hubness(prototypes, background)  # (N, groups)
        limits = np.where(_are_near_in_time(times, groups, ids), JOINED_IN_TIME, JOINED)  # (N, groups)
        margins[margins <= limits] = -np.inf
        joins = np.isfinite(margins).any(axis=1)  # (N,)
        groups = _without_small(np.where(joins, ids[margins.argmax(axis=1)], NO_GROUP))
    return groups


def _seconds(taken_at: datetime | None) -> float:
    """A camera's time as a number; NaN if it is unknown."""
    return np.nan if taken_at is None else (taken_at - datetime.min).total_seconds()


def _are_near_in_time(
    times: NDArray[np.float64], groups: NDArray[np.int64], ids: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether each photo was taken within an hour of one in each group, (N, groups)."""
    near = np.zeros((len(times), len(ids)), bool)
    for column, group in enumerate(ids):
        members = np.sort(times[(groups == group) & np.isfinite(times)])
        first, last = (np.searchsorted(members, times + side, "left") for side in (-HOUR_S, HOUR_S))
        near[:, column] = np.isfinite(times) & (first < last)
    return near


def _links(embeddings: Embeddings, hubs: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Pairs of photos that are among each other's nearest, and similar."""
    near: set[tuple[int, int]] = set()
    count = min(NEIGHBOURS, len(embeddings) - 1)
    for start in range(0, len(embeddings), ROWS):
        margins = embeddings[start : start + ROWS] @ embeddings.T - hubs[start : start + ROWS, None] - hubs  # (R, N)
        own = np.arange(len(margins))
        margins[own, start + own] = -np.inf
        nearest = np.argpartition(-margins, count - 1, axis=1)[:, :count] if count else np.zeros((0, 0), int)
        for row, others in zip(own, nearest, strict=False):
            near.update((start + int(row), int(other)) for other in others if margins[row, other] > LINKED)
    return [(one, other) for one, other in near if one < other and (other, one) in near]


def _are_far(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether two photos were taken too far apart to show one place."""
    if np.isnan(one).any() or np.isnan(other).any():
        return False
    return distance_km(Position(*one.tolist()), Position(*other.tolist())) > FAR_KM


def _merged(groups: NDArray[np.int64], embeddings: Embeddings, background: Embeddings) -> NDArray[np.int64]:
    """The groups, those with similar prototypes as one."""
    ids = np.unique(groups[groups != NO_GROUP])
    if len(ids) < 2:
        return groups
    prototypes = np.stack([prototype(embeddings[groups == group]) for group in ids])  # (groups, dimensions)
    hubs = hubness(prototypes, background)
    margins = prototypes @ prototypes.T - hubs[:, None] - hubs
    pairs = zip(*np.where(np.triu(margins > MERGED, 1)), strict=True)
    joined = connected_groups(len(ids), ((int(one), int(other)) for one, other in pairs))
    merged = np.full(len(groups), NO_GROUP)
    for group, into in zip(ids, joined, strict=True):
        merged[groups == group] = into
    return merged


def _without_small(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    sizes: defaultdict[int, int] = defaultdict(int)
    for group in groups.tolist():
        sizes[group] += 1
    return np.array([g if sizes[g] >= LEAST_PHOTOS else NO_GROUP for g in groups.tolist()], dtype=np.int64)

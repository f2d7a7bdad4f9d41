"""The end of a run: group photos that look the same, and let neighbours vote on unsure ones.

The one rule: both use the store alone, at the end of every run. So it does not matter in which run a photo came or when
people decided, and the next run does the work of a killed one. A photo is compared with all others once and joins their
groups, so their order does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from db.engine import Store
from db.write import comparisons
from db.write.comparisons import PhotoHash, StoredVote, VoteUpdate
from tagger.core.evidence import GpsEvidence
from tagger.evidence.neighbours import Observation, VoteResult, elect, from_decision, from_suggestion

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COPY_BITS = 4  # see `tagger.image.phash.difference_hash`
COPY_ASPECT = 0.02  # relative difference of aspects: a pixel of a thumbnail, but no crop
BURST_BITS = 9  # the same as for near-duplicates in training
BURST_S = 10.0  # between two photos of a burst
ALL_BITS = (1 << 64) - 1
EPOCH = datetime(1970, 1, 1)
NEW = -1  # the group of a photo that has not been compared yet


def group_duplicates(store: Store) -> None:
    """Compare new photos with all others, and store which look the same."""
    with store.read() as connection:
        if not comparisons.has_uncompared(connection):
            return
        changed = regroup(comparisons.photo_hashes(connection))
    with store.write() as connection:
        comparisons.assign_groups(connection, changed)


def regroup(photos: Iterable[PhotoHash]) -> Iterator[tuple[int, int]]:
    """Assign new photos to groups.

    Args:
        photos: the whole library, in any order; consumed immediately, into 40 bytes each.

    Returns:
        Every new photo with its group, and the photos whose group has changed.
    """
    import numpy as np  # not needed without new photos

    columns = [("photo", "i8"), ("phash", "i8"), ("taken_s", "f8"), ("aspect", "f8"), ("group", "i8")]
    library = np.fromiter(map(_row, photos), dtype=columns)  # (N,)
    group_ids = _connected(library, _smallest_photos(library))  # (N,)
    changed = np.flatnonzero(group_ids != library["group"])
    return ((int(library["photo"][row]), int(group_ids[row])) for row in changed)


def _connected(library: NDArray[Any], group_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """The groups after each new photo has joined those of its copies and its burst.

    Source:
        `python -m benchmarks copies`: of 8,411 photos five pairs are within 4 bits. Four of them have other labels, and
        other aspects.
    """
    import numpy as np

    from tagger.image.phash import hamming_distances, is_distinctive

    kept = np.flatnonzero([is_distinctive(int(phash) & ALL_BITS) for phash in library["phash"]])
    kept = kept[np.argsort(library["group"][kept] != NEW, kind="stable")]  # new ones first: each meets all behind it
    hashes = library["phash"][kept].view(np.uint64)  # (K,)
    taken_s, log_aspects = library["taken_s"][kept], np.log(library["aspect"][kept])  # (K,)
    joined = group_ids[kept]  # (K,)
    for row in range(np.count_nonzero(library["group"][kept] == NEW)):
        bits = hamming_distances(hashes[row : row + 1], hashes[row + 1 :])[0]  # (K - row - 1,)
        near = np.flatnonzero(bits <= BURST_BITS)
        rows = row + 1 + near
        is_copy = (bits[near] <= COPY_BITS) & (np.abs(log_aspects[rows] - log_aspects[row]) <= COPY_ASPECT)
        is_burst = np.abs(taken_s[rows] - taken_s[row]) <= BURST_S
        similar = joined[rows[is_copy | is_burst]]
        for other in np.unique(similar[similar != joined[row]]):
            lower, higher = sorted((other, joined[row]))
            joined[joined == higher] = lower
    group_ids[kept] = joined
    return group_ids


def _smallest_photos(library: NDArray[Any]) -> NDArray[np.int64]:
    """The smallest photo of each photo's group, which names it; the previous one may have been deleted. (N,)"""
    import numpy as np

    groups, positions = np.unique(library["group"], return_inverse=True)
    smallest = np.full(len(groups), np.iinfo(np.int64).max)
    np.minimum.at(smallest, positions, library["photo"])
    named: NDArray[np.int64] = np.where(library["group"] == NEW, library["photo"], smallest[positions])
    return named


def _row(photo: PhotoHash) -> tuple[int, int, float, float, int]:
    return photo.photo, photo.phash, _taken_s(photo), photo.aspect, NEW if photo.group is None else photo.group


def _taken_s(photo: PhotoHash) -> float:
    """Seconds, for differences only; NaN without a camera time, which excludes the photo from bursts."""
    return (photo.taken_at - EPOCH).total_seconds() if photo.taken_at else float("nan")


def count_votes(store: Store, *, model: int, thresholds: Mapping[str, float], vote_gap_min: float) -> int:
    """Tag unsure photos between sure ones.

    Args:
        store: of the photos.
        model: the row id of the model.
        thresholds: the smallest score at which a landmark is a tag, by landmark.
        vote_gap_min: minutes; see `RunOptions`. 0 undoes all votes.

    Returns:
        The number of photos that got a tag.
    """
    with store.read() as connection:
        stored = (comparisons.voters if vote_gap_min else comparisons.voted)(connection, model=model)
        decided = comparisons.decided(connection) if vote_gap_min else []
    if not stored:
        return 0
    observations = [from_suggestion(**vote._asdict()) for vote in stored]
    decisions = [from_decision(file.path, file.photo, file.taken_at, file.landmark) for file in decided]
    elected = elect([*observations, *decisions], thresholds, vote_gap_min * 60) if vote_gap_min else {}
    updates = {seen.photo: _update(seen, elected.get(seen.photo)) for seen in observations if seen.is_unsure}
    before = {vote.photo: vote for vote in stored}
    changed = [update for photo, update in updates.items() if _differs(before[photo], update)]
    if changed:
        with store.write() as connection:
            comparisons.write_votes(connection, changed, model=model)
    return sum(update.is_tag and not before[update.photo].is_tag for update in changed)


def _update(seen: Observation, elected: VoteResult | None) -> VoteUpdate:
    """The best suggestion of an unsure photo, with or without a vote."""
    if elected is not None:
        return VoteUpdate(seen.photo, elected.score, True, elected.vote)
    near = None if seen.km is None else GpsEvidence("near", seen.landmark, seen.km)
    return VoteUpdate(seen.photo, seen.score, False, near)


def _differs(vote: StoredVote, update: VoteUpdate) -> bool:
    return (vote.score, vote.is_tag, vote.evidence) != (update.score, update.is_tag, update.evidence)

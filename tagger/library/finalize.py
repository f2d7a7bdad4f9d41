"""The end of a run: group photos that look the same, and let neighbours vote on unsure ones.

The one rule: both use the store alone, at the end of every run. So it does not matter in which run a photo came or when
people decided, and the next run does the work of a killed one. A photo is compared with all others once and joins their
groups, so the order of the photos does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from db.engine import Store
from db.write import comparisons
from db.write.comparisons import PhotoHash, StoredVote, VoteUpdate
from tagger.core.evidence import GpsEvidence
from tagger.evidence.neighbours import Observation, VoteResult, elect, from_decision, from_suggestion

COPY_BITS = 4  # see `tagger.image.phash.difference_hash`
COPY_ASPECT = 0.02  # relative difference of aspects: a pixel of a thumbnail, but no crop
BURST_BITS = 9  # the same as for near-duplicates in training
BURST_S = 10.0  # between two photos of a burst
ALL_BITS = (1 << 64) - 1
EPOCH = datetime(1970, 1, 1)


def group_duplicates(store: Store) -> None:
    """Compare new photos with all others, and store which look the same."""
    with store.read() as connection:
        if not comparisons.has_uncompared(connection):
            return
        photos = comparisons.photo_hashes(connection)
    changed = regroup(photos)
    with store.write() as connection:
        comparisons.assign_groups(connection, changed)


def regroup(photos: Sequence[PhotoHash]) -> dict[int, int]:
    """Assign new photos to groups.

    Args:
        photos: the whole library, in any order.

    Returns:
        The group of every new photo, and of those whose group has changed.
    """
    smallest = _smallest_photos(photos)
    group_of = {photo.photo: smallest.get(photo.group, photo.photo) for photo in photos}
    if len(photos) > 1:  # else nothing is new
        group_of |= _connected(photos, group_of)
    return {photo.photo: group_of[photo.photo] for photo in photos if group_of[photo.photo] != photo.group}


def _connected(photos: Sequence[PhotoHash], group_of: Mapping[int, int]) -> dict[int, int]:
    """The groups after each new photo has joined those of its copies and its burst.

    Source:
        `python -m benchmarks copies`: of 8,411 photos five pairs are within 4 bits. Four of them have other labels, and
        other aspects.
    """
    import numpy as np  # not needed without new photos

    from tagger.image.phash import hamming_distances, is_distinctive

    distinctive = [photo for photo in photos if is_distinctive(photo.phash & ALL_BITS)]
    distinctive.sort(key=lambda photo: photo.group is not None)  # new ones first: each meets all that follow it
    hashes = np.array([photo.phash for photo in distinctive], dtype=np.int64).view(np.uint64)  # (N,)
    taken_s = np.array([_taken_s(photo) for photo in distinctive], dtype=np.float64)  # (N,)
    log_aspects = np.log(np.array([photo.aspect for photo in distinctive], dtype=np.float64))  # (N,)
    group_ids = np.array([group_of[photo.photo] for photo in distinctive], dtype=np.int64)  # (N,)
    for row in range(sum(photo.group is None for photo in distinctive)):
        bits = hamming_distances(hashes[row : row + 1], hashes[row + 1 :])[0]  # (N - row - 1,)
        near = np.flatnonzero(bits <= BURST_BITS)
        rows = row + 1 + near
        is_copy = (bits[near] <= COPY_BITS) & (np.abs(log_aspects[rows] - log_aspects[row]) <= COPY_ASPECT)
        is_burst = np.abs(taken_s[rows] - taken_s[row]) <= BURST_S
        similar = group_ids[rows[is_copy | is_burst]]
        for other in np.unique(similar[similar != group_ids[row]]):
            lower, higher = sorted((other, group_ids[row]))
            group_ids[group_ids == higher] = lower
    return {photo.photo: int(group) for photo, group in zip(distinctive, group_ids, strict=True)}


def _smallest_photos(photos: Sequence[PhotoHash]) -> dict[int | None, int]:
    """The smallest photo of each group, which names it; the previous one may have been deleted."""
    smallest: dict[int | None, int] = {}
    for photo in photos:
        if photo.group is not None:
            smallest[photo.group] = min(photo.photo, smallest.get(photo.group, photo.photo))
    return smallest


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

"""The end of a run: which photos look the same, and what their neighbours say about unsure ones.

The one rule: both are worked out from what is stored, at the end of every run. It does not matter in which run a photo
came or when people decided, and a run that is killed before its end leaves the work to the next one.
"""

from __future__ import annotations

from collections.abc import Mapping

from db.engine import Store
from db.write import comparisons
from db.write.comparisons import StoredVote, VoteUpdate
from tagger.core.evidence import GpsEvidence
from tagger.evidence.neighbours import Observation, VoteResult, elect, from_decision, from_suggestion


def group_duplicates(store: Store) -> None:
    """Group photos that look the same, if any was not compared with the others yet."""
    with store.read() as connection:
        if not comparisons.has_uncompared(connection):
            return
    from tagger.library.duplicates import update_groups  # loads numpy, which a run without new photos does not need

    update_groups(store)


def count_votes(store: Store, *, model: int, thresholds: Mapping[str, float], vote_gap_min: float) -> int:
    """Tag unsure photos between sure ones.

    Args:
        store: where the photos are.
        model: the number of the model whose suggestions are counted.
        thresholds: the smallest score at which a landmark is a tag, by landmark.
        vote_gap_min: minutes; see `RunOptions`. 0 undoes all comparisons.

    Returns:
        How many photos have a tag that they did not have before.
    """
    with store.read() as connection:
        stored = (comparisons.voters if vote_gap_min else comparisons.voted)(connection, model=model)
        decided = comparisons.decided(connection) if vote_gap_min else []
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
    """The best suggestion of an unsure photo, with the vote or, if none succeeded, without."""
    if elected is not None:
        return VoteUpdate(seen.photo, elected.score, True, elected.vote)
    near = None if seen.km is None else GpsEvidence("near", seen.landmark, seen.km)
    return VoteUpdate(seen.photo, seen.score, False, near)


def _differs(vote: StoredVote, update: VoteUpdate) -> bool:
    return (vote.score, vote.is_tag, vote.evidence) != (update.score, update.is_tag, update.evidence)

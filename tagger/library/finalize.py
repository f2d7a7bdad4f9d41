"""What can be said only after a run has looked at all photos: which look the same, and what their neighbours say.

The one rule: it is made from what is stored, at the end of every run, so it does not matter in which night a photo came
or what people said since, and a run that was killed before it leaves it to the next one.
"""

from __future__ import annotations

from collections.abc import Mapping

from db.engine import Store
from db.write import groups, votes
from db.write.votes import StoredVote, VoteUpdate
from tagger.core.evidence import GpsEvidence, NeighbourVote, evidence_text
from tagger.evidence.neighbours import Observation, VoteResult, elect, from_decision, observation


def compare(store: Store) -> None:
    """Find out which photos look the same, if any was not compared with the others yet."""
    with store.read() as connection:
        if not groups.some_wait(connection):
            return
    from tagger.library.duplicates import update_groups  # loads numpy, which a run without new photos does not need

    update_groups(store)


def count_votes(store: Store, *, model: int, thresholds: Mapping[str, float], vote_gap_min: float) -> int:
    """Suggest a landmark on unsure photos between sure ones.

    Args:
        thresholds: the smallest score at which a landmark is a tag, by landmark.
        vote_gap_min: 0 counts no votes, and takes back those that were counted.

    Returns:
        How many photos have a tag that they did not have before.
    """
    with store.read() as connection:
        found = (votes.voters if vote_gap_min else votes.voted)(connection, model=model)
        decided = votes.decided(connection) if vote_gap_min else []
    voices = [_voice(each) for each in found]
    spoken = [from_decision(each.path, each.photo, each.taken_at, each.landmark) for each in decided]
    elected = elect([*voices, *spoken], thresholds, vote_gap_min * 60) if vote_gap_min else {}
    cast = {each.photo: _cast(each, elected.get(each.photo)) for each in voices if each.is_unsure}
    was = {each.photo: each for each in found}
    changed = [each for photo, each in cast.items() if _is_other(was[photo], each)]
    if changed:
        with store.write() as connection:
            votes.write_votes(connection, changed, model=model)
    return sum(each.is_tag and not was[each.photo].is_tag for each in changed)


def _voice(voter: StoredVote) -> Observation:
    return observation(
        voter.path,
        voter.photo,
        voter.taken_at,
        voter.landmark,
        seen=voter.visual_score,
        score=voter.score,
        is_tag=voter.is_tag,
        reason=voter.reason,
    )


def _cast(observation: Observation, elected: VoteResult | None) -> VoteUpdate:
    """What is stored of a photo that may be voted on, whether it is or not."""
    if elected is not None:
        return VoteUpdate(observation.photo, elected.score, True, evidence_text(elected.vote))
    alone: GpsEvidence | NeighbourVote | None = (
        None if observation.km is None else GpsEvidence("near", observation.landmark, observation.km)
    )
    return VoteUpdate(observation.photo, observation.score, False, evidence_text(alone))


def _is_other(voter: StoredVote, cast: VoteUpdate) -> bool:
    return (voter.score, voter.is_tag, voter.reason) != (cast.score, cast.is_tag, cast.reason)

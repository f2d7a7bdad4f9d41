"""An unsure photo between two that are sure of the same landmark is suggested, and says why."""

from __future__ import annotations

from datetime import datetime, timedelta

from tagger.core.evidence import Evidence, GpsEvidence, NeighbourVote
from tagger.evidence.gps import NEAR_ODDS, update_odds
from tagger.evidence.neighbours import VOTE_ODDS, Observation, elect, from_suggestion

NOON = datetime(2024, 5, 1, 12)
THRESHOLDS = {"eiffel_tower": 0.5, "louvre": 0.5}
NEAR, FAR = GpsEvidence("near", "eiffel_tower", 0.4), GpsEvidence("far", "eiffel_tower", 8000.0)


def photo(
    minute: float,
    score: float,
    landmark: str = "eiffel_tower",
    *,
    evidence: Evidence | None = None,
    folder: str = "/trip",
) -> Observation:
    """A photo numbered by the minute at which it was taken."""
    taken_at = NOON + timedelta(minutes=minute)
    path, is_tag = f"{folder}/{minute:04}.jpg", score >= 0.5
    return from_suggestion(
        path, int(minute), taken_at, landmark, visual_score=score, score=score, is_tag=is_tag, evidence=evidence
    )


def elected(*observations: Observation, gap_min: float = 10) -> list[int]:
    return sorted(elect(observations, THRESHOLDS, gap_min * 60))


def test_an_unsure_photo_between_two_sure_ones_is_raised_over_its_threshold_and_says_why() -> None:
    found = elect([photo(0, 0.9), photo(3, 0.2), photo(8, 0.8)], THRESHOLDS, 600)
    assert found == {3: (update_odds(0.2, VOTE_ODDS), NeighbourVote("eiffel_tower", 180, 300))}


def test_both_neighbours_must_be_there_near_in_time_and_agree() -> None:
    assert elected(photo(0, 0.9), photo(3, 0.2)) == []
    assert elected(photo(3, 0.2), photo(8, 0.9)) == []
    assert elected(photo(0, 0.9), photo(3, 0.2), photo(14, 0.9)) == []
    assert elected(photo(0, 0.9), photo(3, 0.2), photo(8, 0.9, "louvre")) == []
    assert elected(photo(0, 0.9), photo(3, 0.2, "louvre"), photo(8, 0.9)) == []


def test_what_the_picture_hardly_suggests_stays_unsaid() -> None:
    assert elected(photo(0, 0.9), photo(3, 0.02), photo(8, 0.9)) == []


def test_an_elected_photo_does_not_vote_but_several_unsure_ones_share_their_neighbours() -> None:
    assert elected(photo(0, 0.9), photo(2, 0.2), photo(5, 0.2), photo(8, 0.9)) == [2, 5]
    assert elected(photo(0, 0.9), photo(2, 0.2), photo(5, 0.2), photo(8, 0.9), gap_min=5) == [5]


def test_photos_of_another_folder_do_not_vote() -> None:
    assert elected(photo(0, 0.9), photo(3, 0.2), photo(8, 0.9, folder="/trip/more")) == []


def test_nothing_is_voted_against_coordinates() -> None:
    assert elected(photo(0, 0.9), photo(3, 0.2, evidence=FAR), photo(8, 0.9)) == []
    assert elected(photo(0, 0.9), photo(3, 0.2), photo(8, 0.9, evidence=FAR)) == []


def test_coordinates_nearby_stay_part_of_a_vote() -> None:
    found = elect([photo(0, 0.9), photo(3, 0.2, evidence=NEAR), photo(8, 0.8)], THRESHOLDS, 600)
    assert found[3].vote == NeighbourVote("eiffel_tower", 180, 300, km=0.4)


def test_a_stored_vote_is_heard_as_the_unsure_photo_that_it_was() -> None:
    for km, before in ((None, 0.2), (0.4, update_odds(0.2, NEAR_ODDS))):
        vote = NeighbourVote("louvre", 1, 2, km)
        after = from_suggestion("/a.jpg", 1, NOON, "louvre", visual_score=0.2, score=0.95, is_tag=True, evidence=vote)
        assert after == Observation("/a.jpg", 1, NOON, "louvre", before, is_sure=False, is_unsure=True, km=km)

"""Evidence survives the store, and fits into a table."""

from __future__ import annotations

import pytest

from tagger.core.evidence import (
    Evidence,
    GpsEvidence,
    NeighbourVote,
    describe,
    evidence_json,
    evidence_text,
    parse_evidence,
)

EVIDENCE = [
    (GpsEvidence("near", "louvre", 0.34), "taken 0.3 km away"),
    (GpsEvidence("far", "louvre", 8733.2), "taken 8,733 km away"),
    (NeighbourVote("louvre", 60, 30), "like the photos before and after"),
    (NeighbourVote("louvre", 60, 30, km=0.4), "like the photos before and after"),
]


@pytest.mark.parametrize(("evidence", "words"), EVIDENCE)
def test_evidence_comes_back_as_it_was_and_has_words(evidence: Evidence, words: str) -> None:
    assert parse_evidence(evidence_text(evidence), "louvre") == evidence
    assert describe(evidence_json(evidence)) == words


def test_no_evidence_is_none_everywhere() -> None:
    assert (evidence_json(None), parse_evidence(None, "louvre"), describe(None)) == (None, None, "")


def test_a_stored_vote_begins_so_that_it_is_found() -> None:
    assert str(evidence_text(NeighbourVote("louvre", 60, 30))).startswith('{"kind": "vote"')

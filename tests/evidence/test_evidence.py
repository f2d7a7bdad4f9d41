"""A reason survives the store, and fits into a table."""

from __future__ import annotations

import pytest

from tagger.core.types import Reason, Vote
from tagger.evidence.evidence import in_words, reason_from, reason_json, reason_text

REASONS = [
    (Reason("near", "louvre", 0.34), "taken 0.3 km away"),
    (Reason("far", "louvre", 8733.2), "taken 8,733 km away"),
    (Vote("louvre", 60, 30), "as the photos before and after"),
    (Vote("louvre", 60, 30, km=0.4), "as the photos before and after"),
]


@pytest.mark.parametrize(("reason", "words"), REASONS)
def test_a_reason_comes_back_as_it_was_and_has_words(reason: Reason | Vote, words: str) -> None:
    assert reason_from(reason_text(reason), "louvre") == reason
    assert in_words(reason_json(reason)) == words


def test_no_reason_is_none_everywhere() -> None:
    assert (reason_json(None), reason_text(None), reason_from(None, "louvre"), in_words(None)) == (None, None, None, "")


def test_a_stored_vote_begins_so_that_it_is_found() -> None:
    assert str(reason_text(Vote("louvre", 60, 30))).startswith('{"kind": "vote"')

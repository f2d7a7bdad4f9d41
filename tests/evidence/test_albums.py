"""Several photos as one answer."""

from __future__ import annotations

import pytest

from tagger.core.types import Answer, Failed, Landmark, NoLandmark, Suggestion, Tagged
from tagger.evidence.albums import fuse

THRESHOLD = 0.7
KEYS = ("tower", "wall", "skytree")
THRESHOLDS = dict.fromkeys(KEYS, THRESHOLD)


def answer(*scores: float) -> Answer:
    """Of one photo, with scores in the order of `KEYS`."""
    best_first = sorted(zip(scores, KEYS, strict=True), reverse=True)
    rows = tuple(
        Suggestion(rank, Landmark(key, key, "Nowhere", 0, 0), score, score >= THRESHOLD)
        for rank, (score, key) in enumerate(best_first, start=1)
    )
    return Tagged(rows) if best_first[0][0] >= THRESHOLD else NoLandmark(rows)


def fused(*answers: Answer) -> list[tuple[str, float, tuple[int, ...], bool]]:
    return [(p.landmark.id, p.score, p.photos, p.is_tag) for p in fuse(answers, THRESHOLDS)]


def test_one_photo_is_itself() -> None:
    assert fused(answer(0.9, 0.05, 0.01)) == [
        ("tower", 0.9, (0,), True),
        ("wall", 0.05, (), False),
        ("skytree", 0.01, (), False),
    ]


def test_an_album_may_show_several_landmarks() -> None:
    found = fused(answer(0.9, 0, 0), answer(0, 0, 0.8), answer(0.75, 0.1, 0))
    assert found[:2] == [("tower", pytest.approx(0.975), (0, 2), True), ("skytree", 0.8, (1,), True)]


def test_unsure_photos_that_agree_are_sure_together() -> None:
    assert fused(answer(0.5, 0.1, 0), answer(0.5, 0, 0.2))[0] == ("tower", 0.75, (0, 1), True)


def test_unsure_photos_that_disagree_stay_unsure() -> None:
    assert [place[3] for place in fused(answer(0.5, 0.1, 0), answer(0.1, 0.6, 0), answer(0.2, 0, 0.5))] == [False] * 3


def test_failed_photos_take_no_part() -> None:
    broken = Failed("corrupt", "it is damaged")
    assert fused(broken, answer(0.9, 0, 0))[0] == ("tower", 0.9, (1,), True)
    assert fused(broken) == []

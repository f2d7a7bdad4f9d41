"""Taught places compete with landmarks, and can be taken back exactly."""

from __future__ import annotations

import numpy as np
import pytest

from tagger.core.types import Embedded, Landmark, NoLandmark, Suggestion, Tagged
from tagger.model.embedding import Projection, packed, unpacked
from tagger.model.taught import TaughtPlace, TaughtPlaces, restored
from tests.drawn import card

AXES = np.eye(8, dtype=np.float32)
CABIN = TaughtPlace(Landmark("cabin", "Cabin"), AXES[0])
TAUGHT = TaughtPlaces(3, (CABIN,), AXES)


def answer(scores: tuple[float, ...], vector: np.ndarray = AXES[0]) -> Tagged | NoLandmark:
    places = (entry.landmark() for entry in card().classes)
    rows = tuple(
        Suggestion(rank, place, score, is_tag=score >= 0.7)
        for rank, (place, score) in enumerate(zip(places, scores, strict=False), start=1)
    )
    kind = Tagged if scores[0] >= 0.7 else NoLandmark
    return kind(rows, embedded=Embedded(packed(vector[None])[0]))


def weighed(before: Tagged | NoLandmark) -> Tagged | NoLandmark:
    assert before.embedded
    return TAUGHT.weigh(before, TAUGHT.logits(unpacked([before.embedded.vector]))[0], card())


def test_a_photo_of_a_place_is_tagged_with_it() -> None:
    after = weighed(answer((0.2, 0.1)))
    assert next((s.landmark.id, s.is_tag) for s in after.suggestions) == ("cabin", True)
    assert after.suggestions[1].score < 0.01
    assert after.embedded and after.embedded.taught_version == 3


def test_another_photo_keeps_its_answer() -> None:
    before = answer((0.2, 0.1), AXES[1])
    assert weighed(before) == before


@pytest.mark.parametrize("scores", [(0.98, 0.01), (0.41, 0.3, 0.2), (0.000001,)])
def test_the_network_s_own_answer_is_restored_exactly(scores: tuple[float, ...]) -> None:
    before = answer(scores)
    assert restored(weighed(before), card()) == before


def test_a_first_look_leaves_photos_of_a_place_to_the_second() -> None:
    assert TAUGHT.may_show(answer((0.01,)))
    assert not TAUGHT.may_show(answer((0.01,), AXES[1]))
    assert not TaughtPlaces().may_show(answer((0.01,)))


def test_embeddings_have_length_one_and_are_finite() -> None:
    projection = Projection(
        np.array([[1.0, 0.5], [-2.0, 0.25]], np.float32), np.array([0.0, 1.0], np.float32), AXES[:, :2]
    )
    features = np.array([[1.0, 2.0], [np.inf, 0.0]], np.float32)
    embedded = projection(features)
    assert embedded[0] @ embedded[0] == pytest.approx(1, abs=1e-5)
    assert np.isfinite(embedded).all()
    assert projection.dimensions == len(embedded[0])

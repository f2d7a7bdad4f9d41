"""Figures on answers that can be counted by hand."""

from __future__ import annotations

import numpy as np

from tests.drawn import ColourEngine, card
from training.dataset import photos
from training.evaluate import Outputs, agreement, figures, infer
from training.run import Run


def outputs(winners: list[tuple[int, float]], labels: list[int]) -> Outputs:
    """Logits (N, 4) in which one output stands out by so much."""
    logits = np.zeros((len(winners), 4), dtype=np.float32)
    for row, (winner, height) in zip(logits, winners, strict=True):
        row[winner] = height
    return Outputs(logits, np.array(labels))


def test_every_share_counts_its_own_photos() -> None:
    sure, unsure = 9.0, 0.5
    found = figures(
        card(),  # three landmarks, a background, thresholds of 0.7
        outputs([(0, sure), (1, unsure), (2, sure), (2, sure), (3, sure), (1, sure)], [0, 1, 2, 1, 3, 3]),
    )
    assert found == {
        "landmark_photos": 4,
        "negative_photos": 2,
        "top1": 0.75,
        "top5": 1.0,
        "tagged": 0.75,
        "rightly_tagged": 0.5,
        "tags_right": 0.6667,
        "negatives_tagged": 0.5,
    }


def test_agreement_looks_at_the_first_landmark_whatever_the_background_says() -> None:
    one = outputs([(0, 1.0), (1, 1.0), (2, 1.0)], [0, 1, 3])
    other = outputs([(0, 1.0), (2, 1.0), (0, 1.0)], [0, 1, 3])
    other.logits[0, 3] = 8.0
    assert agreement(card(), one, other) == 0.5


def test_every_photo_of_a_set_reaches_the_engine_in_order(run: Run) -> None:
    engine = ColourEngine()
    found = infer(engine, photos(run, run.entries("test")), workers=0)
    assert engine.photos_seen == 12
    assert found.logits.argmax(1).tolist() == found.labels.tolist()

"""A model's answers to a batch of photos, even if one of them breaks the engine.

The one rule: a probe picture tells whether a photo or the engine is to blame. An engine that cannot answer that either
is broken, and no photo has failed.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from tagger.core.errors import EngineFailed
from tagger.core.types import Answer, Failed
from tagger.image.preprocess import Pixels
from tagger.model import calibrate
from tagger.model.card import Card
from tagger.model.engines import Engine

log = logging.getLogger(__name__)

SQUARES = 8  # a side of the probe picture: edges and colours, so that what overflows on all photos does on it


def infer(engine: Engine, photos: Sequence[Pixels], card: Card, k: int) -> list[Answer]:
    """Answer with the k most likely landmarks of each photo.

    Args:
        photos: N ≥ 1, each as `tagger.image.preprocess.preprocess` makes it.

    Returns:
        In the order of the photos; `Failed` for those that the engine cannot answer even alone.

    Raises:
        EngineFailed: the engine is broken.
    """
    try:
        logits = engine.logits(np.stack(photos))  # (N, outputs)
    except Exception as error:  # perhaps only one of the photos does this
        log.warning("The engine broke on a batch of %d", len(photos), exc_info=True)
        _check(engine, card)
        if len(photos) == 1:
            return [Failed("engine_failed", f"the engine breaks on it: {error}")]
        return [infer(engine, [photo], card, k)[0] for photo in photos]
    answers = calibrate.answers(logits, card, k)
    if all(isinstance(answer, Failed) for answer in answers):
        _check(engine, card)
    return answers


def probe_picture(size_px: int) -> Pixels:
    """Coloured squares, always the same: (1, H, W, 3)."""
    colours = np.random.default_rng(0).integers(0, 256, (1, SQUARES, SQUARES, 3), dtype=np.uint8)
    side_px = -(-size_px // SQUARES)
    return colours.repeat(side_px, axis=1).repeat(side_px, axis=2)[:, :size_px, :size_px]


def _check(engine: Engine, card: Card) -> None:
    if not np.isfinite(engine.logits(probe_picture(card.input.size_px))).all():
        raise EngineFailed("the network's output is not finite. Try --precision float32.")

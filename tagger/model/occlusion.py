"""Which parts of a photo a score comes from: how much it falls when a grey patch covers them.

Source:
    Occlusion, Zeiler and Fergus 2013, arXiv:1311.2901, section 4.2. It needs no gradients, so any engine will do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tagger.core.types import Answer, NoLandmark, Tagged
from tagger.image.preprocess import Pixels

STEPS = 7  # patches on each side
PATCH = 2 / STEPS  # of the side: neighbours overlap by half
GREY = 128

Infer = Callable[[list[Pixels]], Awaitable[Sequence[Answer]]]


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of the square that the model sees, in hundredths of its side.

    Args:
        left: of the part.
        top: likewise.
        side: likewise.
        weight: 0 to 1, how much the score comes from it.
    """

    left: float
    top: float
    side: float
    weight: float


async def occlusion(infer: Infer, pixels: Pixels, landmark: str) -> list[Cell] | None:
    """How much each part of a photo counts for a landmark; None if the model does not know it.

    Args:
        infer: answers pictures with all landmarks of the model.
        pixels: the network's input, (H, W, 3).
        landmark: its key.
    """
    covered = [_covered(pixels, row, column) for row in range(STEPS) for column in range(STEPS)]
    scores = [_score(answer, landmark) for answer in await infer([pixels, *covered])]
    if scores[0] is None:
        return None
    logits = np.array([_logit(score or 0.0) for score in scores])  # (1 + STEPS²,)
    falls = np.clip(logits[0] - logits[1:], 0, None).reshape(STEPS, STEPS)  # (STEPS, STEPS)
    weights = falls / max(float(falls.max()), 1e-9)
    side = 100 / STEPS
    return [
        Cell(round(column * side, 2), round(row * side, 2), round(side, 2), round(float(weights[row, column]), 2))
        for row in range(STEPS)
        for column in range(STEPS)
    ]


def _covered(pixels: Pixels, row: int, column: int) -> Pixels:
    size = pixels.shape[0]
    step, patch = size / STEPS, size * PATCH
    top, left = (max(0, round((n + 0.5) * step - patch / 2)) for n in (row, column))
    copy = pixels.copy()
    copy[top : top + round(patch), left : left + round(patch)] = GREY
    return copy


def _score(answer: Answer, landmark: str) -> float | None:
    if not isinstance(answer, Tagged | NoLandmark):
        return None
    return next((one.seen for one in answer.suggestions if one.landmark.id == landmark), None)


def _logit(score: float) -> float:
    bounded = min(max(score, 1e-6), 1 - 1e-6)
    return float(np.log(bounded / (1 - bounded)))

"""From logits to an honest answer: probabilities at a fitted temperature, then suggestions or "none"."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tagger.core.types import Answer, Failed, NoLandmark, Suggestion, Tagged
from tagger.model.card import Card

NOT_FINITE = Failed("engine_failed", "the network's output is not finite; --precision float32 may help")


def probabilities(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
    """Softmax at a fitted temperature.

    Args:
        logits: (N, outputs), any range.
        temperature: > 0; 1 leaves the model as trained, more makes it less sure.

    Returns:
        (N, outputs), each row sums to 1. The order of the outputs never changes.

    Source:
        Temperature scaling, Guo et al. 2017, arXiv:1706.04599, section 4.2.
    """
    scaled = logits.astype(np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    exponentials = np.exp(scaled)
    result: NDArray[np.float64] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return result


def answers(logits: NDArray[np.float32], card: Card, k: int) -> list[Answer]:
    """Turn a network's output into an answer for each photo.

    Args:
        logits: (N, outputs).

    Returns:
        In the order of the rows; `Failed` for a row with infinities or NaN (half precision can overflow), since that
        says nothing of the photo.
    """
    is_finite = np.all(np.isfinite(logits), axis=1)  # (N,)
    scores = iter(probabilities(logits[is_finite], card.temperature))
    return [answer(next(scores), card, k) if row_is_finite else NOT_FINITE for row_is_finite in is_finite]


def answer(scores: NDArray[np.float64], card: Card, k: int) -> Tagged | NoLandmark:
    """Answer with the k best landmarks of one photo, and which of them are tags.

    Args:
        scores: (outputs,), one row of `probabilities`; background outputs come last and are never suggested.
        k: > 0; more than the model's landmarks means all of them.

    Returns:
        `Tagged` where the best score reaches its landmark's threshold (whatever k is), else `NoLandmark`.
        Scores are rounded to six decimals; equal ones keep the card's order.
    """
    scores = scores[: len(card.classes)].round(6)
    reaches = scores >= np.array([landmark.threshold for landmark in card.classes])
    best = np.argsort(-scores, kind="stable")
    is_tagged = bool(reaches[best[0]])
    suggestions = tuple(
        Suggestion(
            rank=rank,
            landmark=card.classes[index].landmark(),
            score=float(scores[index]),
            is_tag=is_tagged and bool(reaches[index]),
        )
        for rank, index in enumerate(best[:k], start=1)
    )
    return Tagged(suggestions) if is_tagged else NoLandmark(suggestions)

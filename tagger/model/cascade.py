"""Two looks at a photo: a small network answers where it is sure that there is no known landmark, a large one the rest.

The one rule: the first look never tags. Nine in ten photos of a real library show no landmark, and most of those need
no second look. A photo taken near a landmark goes straight to the full look: there, a low score may become a tag.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger.core.types import Answer, NoLandmark, Tagged
from tagger.image.preprocess import Pixels
from tagger.model.card import Card
from tagger.model.embedding import Projection
from tagger.model.engines import Engine, Outputs
from tagger.model.inference import answers, finite_rows, infer, probabilities, safe_outputs, with_embeddings
from tagger.model.taught import NOTHING_TAUGHT, TaughtPlaces

PHOTOS_PER_REQUEST = 4  # to the small network: faster than one by one, and as fast as eight


@dataclass(frozen=True, slots=True)
class FirstLook:
    """The small network.

    Args:
        card: describes how to read its output.
        none_below: where its best score is below this, it is sure.
    """

    engine: Engine
    card: Card
    none_below: float
    projection: Projection | None = None

    def infer(self, photos: Sequence[Pixels], k: int, taught: TaughtPlaces) -> list[NoLandmark | None]:
        """Answer the photos that it is sure about; the others, and those of a taught place perhaps, are None."""
        outputs, _ = safe_outputs(self.engine, photos, self.card)
        rows = np.flatnonzero(self._is_sure(outputs.logits))
        found: list[NoLandmark | None] = [None] * len(photos)
        for row, answer in zip(rows, self._answers(outputs, rows, k), strict=True):
            if isinstance(answer, Tagged | NoLandmark) and not taught.may_show(answer):
                found[row] = NoLandmark(answer.suggestions, "first", answer.embedded)
        return found

    def _is_sure(self, logits: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Whether there is no landmark in a photo, by (N, outputs): (N,). It is never sure of what is not finite."""
        is_finite = finite_rows(logits)
        scores = probabilities(np.where(is_finite[:, None], logits, 0), self.card.temperature)  # (N, outputs)
        best = scores[:, : len(self.card.classes)].max(axis=1).round(6)  # (N,)
        is_sure: NDArray[np.bool_] = is_finite & (best < self.none_below)
        return is_sure

    def _answers(self, outputs: Outputs, rows: NDArray[np.intp], k: int) -> list[Answer]:
        found = answers(outputs.logits[rows], self.card, k)
        if self.projection and outputs.features is not None:
            return with_embeddings(found, self.projection(outputs.features[rows]), NOTHING_TAUGHT, self.card)
        return found


def infer_in_two_looks(
    first: FirstLook | None,
    engine: Engine,
    photos: Sequence[Pixels],
    card: Card,
    k: int,
    *,
    full_only: Container[int] = (),
    projection: Projection | None = None,
    taught: TaughtPlaces = NOTHING_TAUGHT,
) -> list[Answer]:
    """Answer as `tagger.model.inference.infer` does, without the large network where the small one is sure.

    Args:
        first: None leaves everything to the large network. A photo that breaks it gets the second look.
        engine: the large network's.
        photos: N ≥ 1.
        card: the large network's.
        k: suggestions for each photo.
        full_only: rows of the photos that only the large network looks at.
        projection: of the large network's features.
        taught: places that compete with the landmarks.

    Raises:
        EngineFailed: an engine is broken.
    """
    if first is None:
        return infer(engine, photos, card, k, projection, taught)
    asked = [row for row in range(len(photos)) if row not in full_only]
    sure = dict(zip(asked, first.infer([photos[row] for row in asked], k, taught) if asked else (), strict=True))
    rest = [photo for row, photo in enumerate(photos) if sure.get(row) is None]
    answers = iter(infer(engine, rest, card, k, projection, taught) if rest else [])
    return [sure.get(row) or next(answers) for row in range(len(photos))]

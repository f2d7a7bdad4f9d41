"""Places that people taught: how similar a photo is to their examples, and how they compete with the landmarks.

A place has the mean of its examples' embeddings as prototype. The cosine between a photo and the prototype says little
by itself, since some photos are similar to everything. So half of the similarity of each to its nearest neighbours in
the bundle's background is subtracted (as in speaker verification), and a logistic curve makes it the odds of the place
against "no known landmark".

The one rule: places share what the landmarks leave. They get a part of the probability, the landmarks keep their
proportions in the rest, and that part is stored, so that the model's own scores can be restored.

Source:
    `python -m benchmarks teach`; docs/TEACH.md has its table. Adaptive score normalisation: Matějka et al. 2017,
    "Analysis of Score Normalization in Multilingual Speaker Recognition", section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tagger.core.types import Answer, Embedded, Landmark, NoLandmark, Suggestion, Tagged
from tagger.model.card import Card
from tagger.model.embedding import Embeddings, unpacked

NEIGHBOURS = 20  # in the background
SLOPE, OFFSET = 30.0, -5.0  # from a similarity beyond the background's to log-odds
GATE = 0.03  # a similarity below which the first look's embedding excludes a place
LEAST_ODDS = 0.02  # weaker places are left out of an answer
FLOOR = 1e-3  # of the probability that landmarks leave
CHUNK = 4096  # photos at a time, to keep the similarities in the cache
DEFAULT_THRESHOLD = 0.85


@dataclass(frozen=True)
class TaughtPlace:
    """A place and its prototype.

    Args:
        prototype: (dimensions,), of length 1.
        threshold: the smallest score at which it is a tag.
    """

    landmark: Landmark
    prototype: Embeddings
    threshold: float = DEFAULT_THRESHOLD


@dataclass(frozen=True)
class TaughtPlaces:
    """All taught places of one model.

    Args:
        version: of the store's teaching, which the answers carry.
        background: (B, dimensions), of the bundle.
    """

    version: int = 0
    places: Sequence[TaughtPlace] = ()
    background: Embeddings = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    @cached_property
    def thresholds(self) -> dict[str, float]:
        return {place.landmark.id: place.threshold for place in self.places}

    @cached_property
    def _prototypes(self) -> Embeddings:
        return np.stack([place.prototype for place in self.places])  # (places, dimensions)

    @cached_property
    def _levels(self) -> NDArray[np.float32]:
        return hubness(self._prototypes, self.background)  # (places,)

    def stricter(self, min_score: float) -> TaughtPlaces:
        """The same places, whose tags need at least this score."""
        if not min_score or not self.places:
            return self
        places = [replace(place, threshold=max(place.threshold, min_score)) for place in self.places]
        return replace(self, places=places)

    def margins(self, embeddings: Embeddings) -> NDArray[np.float32]:
        """How much more similar photos (N, dimensions) are to each place than to the background, (N, places)."""
        if not self.places:
            return np.zeros((len(embeddings), 0), np.float32)
        rows = [self._margins(embeddings[start : start + CHUNK]) for start in range(0, len(embeddings), CHUNK)]
        return np.concatenate(rows) if rows else np.zeros((0, len(self.places)), np.float32)

    def _margins(self, embeddings: Embeddings) -> NDArray[np.float32]:
        similarity = embeddings @ self._prototypes.T  # (N, places)
        margins: NDArray[np.float32] = similarity - hubness(embeddings, self.background)[:, None] - self._levels
        return margins

    def logits(self, embeddings: Embeddings) -> NDArray[np.float32]:
        """The log-odds of each place against "no known landmark", (N, places)."""
        logits: NDArray[np.float32] = SLOPE * self.margins(embeddings) + np.float32(OFFSET)
        return logits

    def may_show(self, answer: Answer) -> bool:
        """Whether a first look leaves it open that a photo shows a taught place."""
        if not self.places or not isinstance(answer, Tagged | NoLandmark) or answer.embedded is None:
            return False
        return bool(self.margins(unpacked([answer.embedded.vector])).max() >= GATE)

    def weigh(self, answer: Tagged | NoLandmark, logits: NDArray[np.float32], card: Card) -> Tagged | NoLandmark:
        """Let the places compete with the landmarks of an answer.

        Args:
            answer: from the network alone.
            logits: (places,), the photo's row of `logits`.
            card: of the model; it has the thresholds.
        """
        if answer.embedded is None:
            return answer
        embedded = Embedded(answer.embedded.vector, taught_version=self.version)
        if answer.embedded != embedded:
            answer = replace(answer, embedded=embedded)
        if not len(logits):
            return answer
        left = max(1 - answer.suggestions[0].score, FLOOR)
        odds = np.exp(np.minimum(logits.astype(np.float64), -OFFSET * 10)) * left  # (places,)
        shown = [index for index, value in enumerate(odds) if value >= LEAST_ODDS]
        if not shown:
            return answer
        total = 1 + float(odds[shown].sum())
        share = min(1 - 1 / total, 1 - FLOOR)
        landmarks = [replace(s, score=round(s.score * (1 - share), 9)) for s in answer.suggestions]
        places = [
            Suggestion(0, self.places[index].landmark, round(float(odds[index]) / total, 6), is_tag=False)
            for index in shown
        ]
        weighed = ranked([*landmarks, *places], card.thresholds | self.thresholds, answer)
        return replace(weighed, embedded=replace(embedded, taught_share=share))


NOTHING_TAUGHT = TaughtPlaces()


def prototype(examples: Embeddings) -> Embeddings:
    """The prototype of examples (N, dimensions)."""
    mean = examples.mean(axis=0)
    unit: Embeddings = mean / max(float(np.linalg.norm(mean)), 1e-6)
    return unit


def hubness(embeddings: Embeddings, background: Embeddings) -> NDArray[np.float32]:
    """Half of the mean similarity of each embedding to its nearest neighbours in the background, (N,)."""
    similarity = embeddings @ background.T  # (N, B)
    count = min(NEIGHBOURS, similarity.shape[1])
    if not count:
        return np.zeros(len(embeddings), np.float32)
    nearest = np.partition(similarity, -count, axis=1)[:, -count:]  # (N, NEIGHBOURS)
    half: NDArray[np.float32] = nearest.mean(axis=1) / 2
    return half


def ranked(
    suggestions: Sequence[Suggestion], thresholds: dict[str, float], answer: Tagged | NoLandmark
) -> Tagged | NoLandmark:
    """An answer with these suggestions, the best first; the rest is that of `answer`."""
    best_first = sorted(suggestions, key=lambda suggestion: -suggestion.score)
    reaches = [s.score >= thresholds.get(s.landmark.id, 1.0) for s in best_first]
    rows = tuple(
        replace(s, rank=rank, is_tag=reaches[0] and reach)
        for rank, (s, reach) in enumerate(zip(best_first, reaches, strict=True), start=1)
    )
    kind = Tagged if reaches[0] else NoLandmark
    return kind(rows, answer.look, answer.embedded)


def restored(answer: Tagged | NoLandmark, card: Card) -> Tagged | NoLandmark:
    """What the network alone answered: without taught places and other evidence."""
    own = card.thresholds
    embedded = answer.embedded and replace(answer.embedded, taught_share=0.0)
    rest = 1 - (answer.embedded.taught_share if answer.embedded else 0.0)
    landmarks = [
        replace(s, score=round(s.seen / rest, 6), visual_score=None, evidence=None)
        for s in answer.suggestions
        if s.landmark.id in own
    ]
    return replace(ranked(landmarks, own, answer), embedded=embedded)

"""Would other landmarks than LANDMARK_DATA/places choose the same constants of teaching?

Eight of the bundle's landmarks are hidden at a time: their outputs are removed from both networks, and they are taught
by five of their photos like places. Six such sets, two draws each, choose among slopes, offsets and gates; the places
do so as well. Hidden landmarks are no strangers to the features, but they are chosen without regard to the places.

The columns are those of `python -m benchmarks teach`, from 5 photos. Listed are the constants with the most right first
suggestions, of those that lose half a point at most, tag half a percent of negatives at most, and ask again about a
tenth of them at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.teach import kept_outputs, listed
from tagger.core.types import Landmark
from tagger.model.bundle import Bundle, open_bundle
from tagger.model.embedding import Embeddings, projection_of
from tagger.model.inference import probabilities
from tagger.model.taught import (
    DEFAULT_THRESHOLD,
    FLOOR,
    GATE,
    LEAST_ODDS,
    OFFSET,
    SLOPE,
    TaughtPlace,
    TaughtPlaces,
    prototype,
)

Table = NDArray[Any]
SHIPPED = (SLOPE, OFFSET, GATE)
GRID = [SHIPPED, *product((15.0, 20.0, 30.0, 40.0, 60.0), (-2.0, -3.5, -5.0, -6.5, -8.0), (0.0, 0.03, 0.06))]
SETS, HIDDEN, DRAWS, PHOTOS, LEAST_PHOTOS = 6, 8, 2, 5, 15
MOST_LOST, MOST_FALSE, MOST_ASKED = 0.005, 0.005, 0.1
REMOVED = -60.0  # a logit without probability


@dataclass(frozen=True)
class Case:
    """A draw of photos that teach, and what both networks make of all photos without the hidden landmarks.

    Args:
        margins: (N, places); `first_margins` (N,) are the first look's largest.
        landmark: (N,), the best one; `score` and `is_tag` say how good.
        is_sure: (N,), whether the first look ends it.
        asked: the rows that are asked, by place.
    """

    names: Sequence[str]
    labels: Table
    margins: Table
    first_margins: Table
    landmark: Table
    score: Table
    is_tag: Table
    is_sure: Table
    asked: Sequence[Table]
    known: Table
    negatives: Table

    def figures(self, slope: float, offset: float, gate: float) -> list[float]:
        ends = self.is_sure & (self.first_margins < gate)
        odds = np.exp(np.minimum(slope * self.margins + offset, 50)) * np.maximum(1 - self.score, FLOOR)[:, None]
        odds[(odds < LEAST_ODDS) | ends[:, None]] = 0  # (N, places)
        total = 1 + odds.sum(axis=1)
        best = odds.max(axis=1) / total
        wins = best > self.score / total
        shown = np.where(wins, np.array(self.names)[odds.argmax(axis=1)], self.landmark)
        is_tag = np.where(wins, best >= DEFAULT_THRESHOLD, self.is_tag)
        right = shown == self.labels
        return [
            float(np.mean([right[rows].mean() for rows in self.asked])),
            float(np.mean([(right & is_tag)[rows].mean() for rows in self.asked])),
            float((self.landmark == self.labels)[self.known].mean() - right[self.known].mean()),
            float((wins & is_tag)[self.negatives].mean()),
            float((self.is_sure & ~ends)[self.negatives].mean()),
        ]


class Drawing:
    """Draws cases from the outputs of both networks.

    Args:
        outputs: as `benchmarks.accuracy.teach` keeps them.
    """

    def __init__(self, bundle: Bundle, outputs: Mapping[str, Table], labels: Table) -> None:
        assert bundle.first_look
        self.looks = {"full": bundle, "first": bundle.first_look}
        self.outputs, self.labels = outputs, labels
        projection = projection_of(bundle)
        assert projection
        self.background = projection.background
        self.embeddings = {name: self._embedded(name) for name in self.looks}
        self.classes = [entry.id for entry in bundle.card.classes]
        self.thresholds = np.array([entry.threshold for entry in bundle.card.classes])

    def case(self, names: Sequence[str], pool: Table, known: Table, negatives: Table, seed: Sequence[int]) -> Case:
        random, full, first = np.random.default_rng(seed), *(self.embeddings[name] for name in ("full", "first"))
        rows = [random.permutation(np.flatnonzero(pool & (self.labels == name))) for name in names]
        places = [
            TaughtPlace(Landmark(name, name), prototype(full[own[:PHOTOS]]))
            for name, own in zip(names, rows, strict=True)
        ]
        taught = TaughtPlaces(1, places, self.background)
        scores, first_scores = (self._scores(look, names) for look in ("full", "first"))  # (N, landmarks)
        best = scores.argmax(axis=1)
        rule = self.looks["full"].card.first_look
        assert rule
        return Case(
            names,
            self.labels,
            taught.margins(full),
            taught.margins(first).max(axis=1),
            np.array(self.classes)[best],
            scores.max(axis=1),
            scores.max(axis=1) >= self.thresholds[best],
            first_scores.max(axis=1) < rule.none_below,
            [own[PHOTOS:] for own in rows],
            known & ~np.isin(self.labels, names),
            negatives,
        )

    def _embedded(self, look: str) -> Embeddings:
        projection = projection_of(self.looks[look])
        assert projection
        return projection(self.outputs[f"{look}_features"]).astype(np.float16).astype(np.float32)

    def _scores(self, look: str, hidden: Sequence[str]) -> Table:
        logits = self.outputs[f"{look}_logits"].copy()
        logits[:, np.flatnonzero(np.isin(self.classes, hidden))] = REMOVED
        return probabilities(logits, self.looks[look].card.temperature)[:, : len(self.classes)]


def main(*, data: Path, features: str = "") -> None:
    """Choose.

    Args:
        features: a file that keeps the networks' outputs for the next time.
    """
    splits, roles, labels, _ = map(np.array, zip(*listed(data), strict=True))
    drawing = Drawing(open_bundle(), kept_outputs(data, Path(features) if features else None), labels)
    is_landmark, in_test = roles == "landmark", splits == "test"
    names = sorted(set(labels[splits == "places"]))
    known, test_negatives = in_test & is_landmark, in_test & (roles == "negative")
    compare(
        "places, ten draws",
        [drawing.case(names, splits == "places", known, test_negatives, [0, draw]) for draw in range(10)],
    )
    pool = is_landmark & np.isin(splits, ("val", "test"))
    many = [name for name in drawing.classes if (pool & (labels == name)).sum() >= LEAST_PHOTOS]
    sets = [sorted(np.random.default_rng(number).choice(many, HIDDEN, replace=False)) for number in range(SETS)]
    val_negatives = (splits == "val") & (roles == "negative")
    compare(
        f"{HIDDEN} hidden landmarks, {SETS} sets of them",
        [
            drawing.case(hidden, pool, known, val_negatives, [1, number, draw])
            for number, hidden in enumerate(sets)
            for draw in range(DRAWS)
        ],
    )


def compare(title: str, cases: Sequence[Case]) -> None:
    figures = {choice: np.mean([case.figures(*choice) for case in cases], axis=0) for choice in GRID}
    print(f"{title}\n  slope  offset    gate   first  tagged    lost  sights   asked")
    fair = [
        choice
        for choice, (_, _, lost, false, asked) in figures.items()
        if lost <= MOST_LOST and false <= MOST_FALSE and asked <= MOST_ASKED
    ]
    best = sorted(fair, key=lambda choice: -figures[choice][0])[:4]
    for choice in dict.fromkeys([SHIPPED, *best]):
        row = "".join(f"{value:8.2f}" for value in (*choice, *(100 * figures[choice])))
        print(row[1:] + ("  shipped" if choice == SHIPPED else ""), flush=True)
    print()

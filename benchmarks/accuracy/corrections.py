"""Would people's corrections of landmarks help, if they taught the landmark as a place of its own?

In one half of the test photos, people correct every first suggestion that is wrong, and every landmark that is not
tagged. Landmarks with at least three corrections get a prototype of those photos, whose share counts for the landmark.
The other half is asked: `first` and `tagged` are its landmark photos, `false` the tagged negatives, in %.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.accuracy.teach import Photos, answered, two_looks, vector_of
from tagger.core.types import Answer, NoLandmark, Tagged
from tagger.model.bundle import Bundle, open_bundle
from tagger.model.embedding import projection_of, unpacked
from tagger.model.taught import TaughtPlace, TaughtPlaces, prototype, ranked

SEED, LEAST = 7, 3
OVERLAY = "_corrected"


def main(*, data: Path, draws: int = 10, features: str = "") -> None:
    """Measure.

    Args:
        draws: of the halves.
        features: a file that keeps the networks' outputs for the next time.
    """
    bundle, photos = open_bundle(), answered(data, Path(features) if features else None)
    rows = [figures(photos, bundle, draw) for draw in range(draws)]
    print("              first  tagged   false")
    for name, values in zip(("as it is", "corrected"), np.mean(rows, axis=0), strict=True):
        print(f"{name:12}" + "".join(f"{100 * value:8.2f}" for value in values))


def figures(photos: Photos, bundle: Bundle, draw: int) -> list[list[float]]:
    """The figures of one draw, without and with corrections."""
    card, projection = bundle.card, projection_of(bundle)
    assert projection and card.first_look
    test = np.array(photos.rows(photos.splits == "test"))
    in_first = np.random.default_rng([SEED, draw]).random(len(test)) < 0.5
    none = TaughtPlaces()
    given = {int(row): two_looks(photos, int(row), none, card, card.first_look.none_below) for row in test}
    wrong: dict[str, list[int]] = {}
    for row in map(int, test[in_first]):
        if photos.roles[row] == "landmark" and not is_right(photos, row, given[row], must_tag=True):
            wrong.setdefault(str(photos.labels[row]), []).append(row)
    known = {entry.id: entry.landmark() for entry in card.classes}
    places = [
        TaughtPlace(
            replace(known[label], id=label + OVERLAY),
            prototype(unpacked([vector_of(photos.full[row]) for row in rows])),
            card.thresholds[label],
        )
        for label, rows in wrong.items()
        if len(rows) >= LEAST
    ]
    taught = TaughtPlaces(1, places, projection.background)
    found = []
    for overlay in (none, taught):
        answers = {
            int(row): merged(two_looks(photos, int(row), overlay, card, card.first_look.none_below), bundle)
            for row in test[~in_first]
        }
        shown = [row for row in answers if photos.roles[row] == "landmark"]
        others = [row for row in answers if photos.roles[row] != "landmark"]
        found.append(
            [
                float(np.mean([is_right(photos, row, answers[row], must_tag=False) for row in shown])),
                float(np.mean([is_right(photos, row, answers[row], must_tag=True) for row in shown])),
                float(np.mean([answers[row].status == "tagged" for row in others])),
            ]
        )
    return found


def merged(answer: Answer, bundle: Bundle) -> Answer:
    """The answer with each landmark once: it has the share of its corrections too."""
    assert isinstance(answer, Tagged | NoLandmark)
    scores: dict[str, float] = {}
    for suggestion in answer.suggestions:
        key = suggestion.landmark.id.removesuffix(OVERLAY)
        scores[key] = scores.get(key, 0.0) + suggestion.score
    known = {entry.id: entry.landmark() for entry in bundle.card.classes}
    first = answer.suggestions[0]
    rows = [replace(first, landmark=known[key], score=score) for key, score in scores.items()]
    return ranked(rows, bundle.card.thresholds, answer)


def is_right(photos: Photos, row: int, answer: Answer, *, must_tag: bool) -> bool:
    """Whether the first suggestion is right, and a tag if it must be."""
    is_first = answer.suggestions[0].landmark.id == photos.labels[row]
    return bool(is_first and (answer.status == "tagged" or not must_tag))

"""How much should a photo's own coordinates count? Val chooses the odds in `tagger.evidence.gps`, test reports.

The photos of LANDMARK_DATA have no coordinates, so they get synthetic ones:

    own        taken around its landmark: half within 0.4 km, 3 % beyond 5 km (log-normal)
    elsewhere  far from all landmarks; a landmark photo is then a copy (a scan, a poster, a replica)
    abroad     around another landmark; a landmark photo is then a copy
    anywhere   a negative around any landmark: lunch at the Eiffel Tower
    lookalike  a negative around one of the three landmarks that it resembles most: a church beside a famous church

For landmark photos a column gives the percentages that are tagged correctly / wrongly, for negatives the percentages
of other sights / of ordinary photos and documents that are tagged. The first row is without coordinates.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from tagger import Tagger, load
from tagger.core.distance import EARTH_KM, distance_km
from tagger.core.types import Answer, Landmark, Position, Tagged
from tagger.evidence.gps import FAR_KM, GPS_CANDIDATES, ODDS, GpsOdds, apply_gps_prior
from training.data.kinds import audience

SEED = 7
DRAWS = 3  # positions for each photo
MEDIAN_KM, SPREAD = 0.4, 1.3
INHABITED_LAT = (-40.0, 60.0)
LOOKALIKES = 3
WITHOUT = GpsOdds(near=1.0, far=1.0, far_beside_near=1.0)
VAL_ODDS = (
    WITHOUT,
    *(ODDS._replace(near=near) for near in (3.0, 4.0, 5.0, 6.0, 8.0, 10.0)),
    *(ODDS._replace(far=far, far_beside_near=min(far, ODDS.far_beside_near)) for far in (0.3, 0.1, 0.05, 0.03, 0.01)),
    *(ODDS._replace(far_beside_near=far) for far in (0.05, 0.02, 0.01, 0.005, 0.001)),
)
COLUMNS = ("own", "abroad", "elsewhere", "anywhere", "lookalike", "elsewhere")


class Photo(NamedTuple):
    label: str  # a landmark's id, or a kind of negative
    is_negative: bool
    answer: Answer


Placed = list[tuple[Photo, Position]]


def main(*, data: Path) -> None:
    model = load()
    card = model.bundle.card
    landmarks = {entry.id: entry.landmark() for entry in card.classes if entry.landmark().position}
    for split, choices in (("val", VAL_ODDS), ("test", (WITHOUT, ODDS))):
        photos = list(answered(model, data, split, landmarks))
        shown = [photo for photo in photos if not photo.is_negative]
        negatives = [photo for photo in photos if photo.is_negative]
        columns = placed_columns(shown, negatives, landmarks)
        print(f"{split}, {len(shown)} landmark photos and {len(negatives)} negatives")
        print(f" near   far  beside near  {''.join(f'{name:>12}' for name in COLUMNS)}")
        for odds in choices:
            rates = "".join(f"{percentages(column, card.thresholds, odds):>12}" for column in columns)
            print(f"{odds.near:5g} {odds.far:5g}  {odds.far_beside_near:11g}  {rates}", flush=True)


def answered(model: Tagger, data: Path, split: str, landmarks: Mapping[str, Landmark]) -> Iterable[Photo]:
    """The split's photos, except those of other landmarks, answered without coordinates."""
    with (data / "manifest.csv").open(newline="") as manifest:
        rows = [row for row in csv.DictReader(manifest) if row["split"] == split]
    rows = [row for row in rows if row["role"] == "negative" or row["label"] in landmarks]
    results = model.tag([data / row["file"] for row in rows], GPS_CANDIDATES, gps=False)
    for row, result in zip(rows, results, strict=True):
        yield Photo(row["label"], row["role"] == "negative", result.answer)


def placed_columns(
    shown: Sequence[Photo], negatives: Sequence[Photo], landmarks: Mapping[str, Landmark]
) -> list[Placed]:
    """The photos of each column, each at several positions."""
    random, places = Random(SEED), list(landmarks.values())

    def abroad(photo: Photo) -> Position:
        return around(random.choice([place for place in places if place.id != photo.label]), random)

    def lookalike(photo: Photo) -> Position:
        return around(random.choice(photo.answer.suggestions[:LOOKALIKES]).landmark, random)

    def elsewhere(_photo: Photo) -> Position:
        return far_from_all(places, random)

    def placed(photos: Sequence[Photo], position: Callable[[Photo], Position]) -> Placed:
        return [(photo, position(photo)) for photo in photos for _ in range(DRAWS)]

    return [
        placed(shown, lambda photo: around(landmarks[photo.label], random)),
        placed(shown, abroad),
        placed(shown, elsewhere),
        placed(negatives, abroad),
        placed(negatives, lookalike),
        placed(negatives, elsewhere),
    ]


def around(landmark: Landmark, random: Random) -> Position:
    """A point at a log-normal distance from a landmark, on a plane: distances of a few km need no sphere."""
    km, bearing = MEDIAN_KM * math.exp(random.gauss(0, SPREAD)), random.uniform(0, math.tau)
    assert landmark.position
    lat = landmark.position.lat + math.degrees(km * math.cos(bearing) / EARTH_KM)
    wide = math.degrees(km * math.sin(bearing) / EARTH_KM) / math.cos(math.radians(lat))
    return Position(lat, landmark.position.lon + wide)


def far_from_all(landmarks: Sequence[Landmark], random: Random) -> Position:
    while True:
        position = Position(random.uniform(*INHABITED_LAT), random.uniform(-180, 180))
        if all(place.position and distance_km(position, place.position) > FAR_KM for place in landmarks):
            return position


def percentages(photos: Placed, thresholds: Mapping[str, float], odds: GpsOdds) -> str:
    """The two figures of a column."""
    outcomes = [
        (photo, apply_gps_prior(photo.answer, position, thresholds, odds))
        if odds is not WITHOUT
        else (photo, photo.answer)
        for photo, position in photos
    ]
    if photos[0][0].is_negative:
        sights = [isinstance(answer, Tagged) for photo, answer in outcomes if audience(photo.label) == "sight"]
        others = [isinstance(answer, Tagged) for photo, answer in outcomes if audience(photo.label) != "sight"]
        return f"{percent(sights)}/{percent(others)}"
    tags = [answer.suggestions[0].landmark.id if isinstance(answer, Tagged) else None for _, answer in outcomes]
    rightly = [tag == photo.label for tag, (photo, _) in zip(tags, outcomes, strict=True)]
    wrongly = [tag not in (None, photo.label) for tag, (photo, _) in zip(tags, outcomes, strict=True)]
    return f"{percent(rightly)}/{percent(wrongly)}"


def percent(hits: Sequence[bool]) -> str:
    return f"{100 * sum(hits) / len(hits):.1f}"

"""Teach a few photos of places that the model does not know: which of their other photos does it then name?

All places in LANDMARK_DATA/places are taught at once, from 3, 5, 10 or 20 of their photos. The others are asked, as
both looks answer them, among all landmarks and all taught places. Each figure is a mean over several draws.

    first      the first suggestion is right, the mean of the places
    tagged     it is also a tag, at the place's threshold
    lost       of the first suggestions on landmarks that were right before, in points (test split)
    sights     negatives that are tagged as a taught place (all: of those as anything), test split
    asked      negatives that need the second look because of the taught places, although the first one is sure
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.core.types import Answer, Embedded, Landmark, NoLandmark, Tagged
from tagger.image.decode import decode
from tagger.image.preprocess import preprocess
from tagger.model.bundle import open_bundle
from tagger.model.card import Card
from tagger.model.embedding import Projection, packed, projection_of, unpacked
from tagger.model.engines import run
from tagger.model.engines.openvino import OpenVinoEngine
from tagger.model.inference import answers
from tagger.model.taught import TaughtPlace, TaughtPlaces, prototype

SEED = 7
K = 10
MAX_PIXELS = 100_000_000
ASKED = ("val", "test", "places")


@dataclass(frozen=True)
class Photos:
    """Photos with the answers of both looks.

    Args:
        splits: (N,), places have their own.
        labels: (N,), a landmark, a place, or a kind of negative.
        roles: (N,).
    """

    splits: NDArray[np.str_]
    labels: NDArray[np.str_]
    roles: NDArray[np.str_]
    first: list[Answer]
    full: list[Answer]

    def rows(self, condition: NDArray[np.bool_]) -> list[int]:
        return [int(row) for row in np.flatnonzero(condition)]


def main(*, data: Path, draws: int = 10, features: str = "") -> None:
    """Measure.

    Args:
        draws: of the photos to teach.
        features: a file that keeps the networks' outputs for the next time.
    """
    bundle = open_bundle()
    photos, projection = answered(data, Path(features) if features else None), projection_of(bundle)
    assert projection and bundle.card.first_look
    none_below = bundle.card.first_look.none_below
    print(" photos   first  tagged    lost  sights     all   asked")
    for count in (3, 5, 10, 20):
        rows = [figures(photos, bundle.card, projection, none_below, count, draw) for draw in range(draws)]
        print(f"{count:7} " + "".join(f"{100 * value:8.2f}" for value in np.mean(rows, axis=0)), flush=True)


def figures(
    photos: Photos, card: Card, projection: Projection, none_below: float, count: int, draw: int
) -> tuple[float, ...]:
    """The figures of one draw, as the module describes them."""
    random = np.random.default_rng([SEED, count, draw])
    places, used = [], set[int]()
    for label in sorted(set(photos.labels[photos.splits == "places"])):
        of_place = photos.rows(photos.labels == label)
        if len(of_place) > count:
            chosen = [int(row) for row in random.choice(of_place, count, replace=False)]
            used.update(chosen)
            vectors = unpacked([vector_of(photos.full[row]) for row in chosen])
            places.append(TaughtPlace(Landmark(str(label), str(label)), prototype(vectors)))
    taught = TaughtPlaces(1, places, projection.background)
    asked = photos.rows((photos.splits == "places") & np.isin(photos.labels, [p.landmark.id for p in places]))
    asked = [row for row in asked if row not in used]
    test = photos.splits == "test"
    known, negatives = (
        photos.rows(test & (photos.roles == "landmark")),
        photos.rows(test & (photos.roles != "landmark")),
    )
    given = {row: two_looks(photos, row, taught, card, none_below) for row in (*asked, *known, *negatives)}
    before = {row: two_looks(photos, row, TaughtPlaces(), card, none_below) for row in (*known, *negatives)}

    def right(row: int, answer: Answer) -> bool:
        return bool(answer.suggestions[0].landmark.id == photos.labels[row])

    firsts = [(row, right(row, given[row]), given[row].status == "tagged") for row in asked]
    by_place = [[entry for entry in firsts if photos.labels[entry[0]] == place.landmark.id] for place in places]
    names = {place.landmark.id for place in places}
    tagged = [row for row in negatives if given[row].status == "tagged"]
    sure = [row for row in negatives if is_sure(photos.first[row], none_below)]
    return (
        float(np.mean([np.mean([ok for _, ok, _ in entries]) for entries in by_place])),
        float(np.mean([np.mean([ok and tag for _, ok, tag in entries]) for entries in by_place])),
        float(np.mean([right(row, before[row]) - right(row, given[row]) for row in known])),
        float(np.mean([row in tagged and given[row].suggestions[0].landmark.id in names for row in negatives])),
        len(tagged) / len(negatives),
        sum(taught.may_show(photos.first[row]) for row in sure) / len(negatives),
    )


def two_looks(photos: Photos, row: int, taught: TaughtPlaces, card: Card, none_below: float) -> Answer:
    """What the product answers to a photo, see `tagger.model.cascade`."""
    first, full = photos.first[row], photos.full[row]
    if is_sure(first, none_below) and not taught.may_show(first):
        return first
    assert isinstance(full, Tagged | NoLandmark)
    return taught.weigh(full, taught.logits(unpacked([vector_of(full)]))[0], card)


def is_sure(first: Answer, none_below: float) -> bool:
    return first.suggestions[0].score < none_below


def vector_of(answer: Answer) -> bytes:
    assert isinstance(answer, Tagged | NoLandmark) and answer.embedded
    return answer.embedded.vector


def answered(data: Path, cache: Path | None) -> Photos:
    """The photos of val, test and places, with the answers of both looks."""
    rows, outputs = listed(data), kept_outputs(data, cache)
    bundle, both = open_bundle(), []
    small = bundle.first_look
    assert small
    for name, look in (("first", small), ("full", bundle)):
        projection = projection_of(look)
        assert projection
        vectors = packed(projection(outputs[f"{name}_features"]))
        found = answers(outputs[f"{name}_logits"], look.card, K)
        both.append(
            [replace(a, embedded=Embedded(v)) if isinstance(a, Tagged | NoLandmark) else a
             for a, v in zip(found, vectors, strict=True)]
        )  # fmt: skip
    splits, roles, labels, _ = map(np.array, zip(*rows, strict=True))
    return Photos(splits, labels, roles, *both)


def kept_outputs(data: Path, cache: Path | None) -> Mapping[str, NDArray[np.float32]]:
    """What both networks give for the photos of `listed`, from a file if that exists."""
    if cache and cache.exists():
        return np.load(cache)  # type: ignore[no-any-return]
    outputs: dict[str, Any] = outputs_of(data, [file for *_, file in listed(data)])
    if cache:
        np.savez(cache, **outputs)
    return outputs


def listed(data: Path) -> list[tuple[str, str, str, str]]:
    """Split, role, label and file of each photo."""
    with (data / "manifest.csv").open(newline="") as known, (data / "places" / "manifest.csv").open(newline="") as own:
        rows = [(row["split"], row["role"], row["label"], row["file"]) for row in csv.DictReader(known)]
        rows += [("places", "place", row["label"], f"places/{row['file']}") for row in csv.DictReader(own)]
    return [row for row in rows if row[0] in ASKED]


def outputs_of(data: Path, files: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """The logits and features of both networks."""
    bundle = open_bundle()
    assert bundle.first_look
    small = replace(bundle.first_look, card=replace(bundle.first_look.card, bfloat16=bundle.card.bfloat16))
    engines, contract = {"first": OpenVinoEngine(small), "full": OpenVinoEngine(bundle)}, bundle.card.input
    found: dict[str, list[NDArray[np.float32]]] = {}
    for file in files:
        image = decode((data / file).read_bytes(), min_side_px=contract.resize_px, max_pixels=MAX_PIXELS).image
        pixels = preprocess(image, contract)[None]  # (1, H, W, 3)
        for name, engine in engines.items():
            logits, features = run(engine, pixels)
            assert features is not None
            found.setdefault(f"{name}_logits", []).append(logits)
            found.setdefault(f"{name}_features", []).append(features)
    return {name: np.concatenate(rows) for name, rows in found.items()}

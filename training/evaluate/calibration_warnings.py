"""What a calibration on too few photos cannot guarantee, in sentences for the bundle's card."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tagger.core.types import InputContract, Tagged
from tagger.model.card import Card
from tagger.model.engines import Engine
from tagger.model.inference import answer, probabilities
from training.data.manifest import Entry
from training.data.split import FRACTIONS
from training.evaluate.thresholds import FLOOR_WITHOUT_NEGATIVES, negative_limits
from training.fit.recipe import Threshold

PLAIN: Mapping[str, int] = {"black": 0, "grey": 128, "white": 255}  # levels
NO_NEGATIVES = (
    "All validation photos show a landmark, so nothing tests how many other photos are tagged, and a tag needs a score "
    f"of at least {FLOOR_WITHOUT_NEGATIVES:g}. Add a folder none/ beside the landmarks' folders, with a few hundred "
    "photos of other things (other sights in none/sights/), then prepare and train again."
)
VALIDATION_FRACTION = (1 - FRACTIONS["test"]) * FRACTIONS["val"]  # of the photos that `prepare` splits itself


def too_few_photos(entries: Sequence[Entry], threshold: Threshold) -> Iterator[str]:
    """A sentence for each kind of validation photo that is too rare to check the recipe's limits.

    A limit of 4 % cannot be checked on fewer than 25 photos: not a single one may then be tagged. If there are no
    negatives at all, a number for each kind of them would not help.

    Args:
        entries: the validation photos.
    """
    sights, others = negative_limits(entries, threshold)
    landmarks = sum(entry.landmark is not None for entry in entries)
    kinds = [("show a landmark", landmarks, 1 - threshold.min_tags_right, "wrong tags")]
    if landmarks < len(entries):
        kinds += [
            ("show another sight", int(sights.rows.sum()), sights.fraction, "such photos tagged"),
            ("show neither", int(others.rows.sum()), others.fraction, "such photos tagged"),
        ]
    else:
        yield NO_NEGATIVES
    for what, count, fraction, mistakes in kinds:
        wanted = math.ceil(round(1 / fraction, 6)) if fraction else 0
        if count < wanted:
            more = wanted - count
            yield (
                f"Too few validation photos {what} ({count:,}): at least {wanted:,} are needed to check the limit of "
                f"{100 * fraction:.2g} % {mistakes}. Add {more:,} of them, which takes about "
                f"{round(more / VALIDATION_FRACTION):,} photos if 'prepare' draws the splits."
            )


def temperature_at_bound(temperature: float, low: float, high: float) -> Iterator[str]:
    """A sentence if the best temperature may lie outside the range that was searched."""
    if not low < temperature < high:
        yield (
            f"The temperature {temperature:g} is at the end of the searched range ({low:g} to {high:g}), so "
            "scores do not say how often they are right. Train longer, or add validation photos."
        )


def plain_pictures_tagged(engine: Engine, card: Card) -> Iterator[str]:
    """A sentence for each plain picture that the model takes for a landmark."""
    for (colour, _), row in zip(PLAIN.items(), engine.logits(_plain(card.input)), strict=True):
        result = answer(probabilities(row[None], card.temperature)[0], card, 1)
        if isinstance(result, Tagged):
            name = result.suggestions[0].landmark.name
            yield f"A plain {colour} picture is tagged {name}. Add more kinds of photos that show no known landmark."


def print_warnings(card: Card) -> None:
    """Print the card's warnings to standard error."""
    for sentence in card.warnings:
        print(f"Warning: {sentence}", file=sys.stderr, flush=True)


def _plain(contract: InputContract) -> np.typing.NDArray[np.uint8]:
    """(N, H, W, 3), a picture of each level."""
    levels = np.array(list(PLAIN.values()), dtype=np.uint8)  # (N,)
    return np.broadcast_to(levels[:, None, None, None], (len(levels), contract.size_px, contract.size_px, 3)).copy()

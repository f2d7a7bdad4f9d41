"""What a calibration on too few photos says of itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.drawn import ColourEngine, card
from tests.training.evaluate.test_thresholds import photos
from training.evaluate.calibration_warnings import plain_pictures_tagged, temperature_at_bound, too_few_photos
from training.fit.recipe import Threshold

LIMITS = Threshold(max_sights_tagged=0.1, max_ordinary_tagged=0.05, min_tags_right=0.8)


def test_enough_photos_of_each_kind_need_no_warning() -> None:
    entries = photos(*[None] * 5, *["sight_lake"] * 10, *["food"] * 20)
    assert list(too_few_photos(entries, LIMITS)) == []


def test_each_kind_says_how_many_more_it_takes() -> None:
    entries = photos(*[None] * 3, *["sight_lake"] * 9, "food")
    landmarks, sights, others = too_few_photos(entries, LIMITS)
    assert landmarks.startswith("Too few validation photos show a landmark (3): at least 5 are needed")
    assert "Add 2 of them, which takes about 20 photos" in landmarks  # prepare draws a tenth for validation
    assert "Too few validation photos show another sight (9): at least 10" in sights
    assert "10 % such photos tagged. Add 1 of them" in sights
    assert "Too few validation photos show neither (1): at least 20 are needed to check the limit of 5 %" in others


def test_without_negatives_it_asks_for_a_folder_of_other_photos_instead_of_a_thousand_of_each_kind() -> None:
    negatives, landmarks = too_few_photos(photos(*[None] * 3), LIMITS)
    assert "a folder none/ beside the landmarks' folders" in negatives
    assert "a tag needs a score of at least 0.95" in negatives
    assert landmarks.startswith("Too few validation photos show a landmark (3)")


def test_a_recipe_that_forbids_every_mistake_is_not_asked_for_endless_photos() -> None:
    assert list(too_few_photos(photos(None, "food"), Threshold(0.0, 0.0, 1.0))) == []


@pytest.mark.parametrize(("temperature", "warnings"), [(0.1, 1), (0.11, 0), (1.0, 0), (10.0, 1)])
def test_a_temperature_at_the_end_of_its_range_is_no_optimum(temperature: float, warnings: int) -> None:
    assert len(list(temperature_at_bound(temperature, 0.1, 10.0))) == warnings


def test_a_plain_picture_that_is_tagged_is_named_with_its_landmark() -> None:
    assert list(plain_pictures_tagged(ColourEngine(), card())) == []
    classes = tuple(replace(landmark, threshold=0.0) for landmark in card().classes)
    found = list(plain_pictures_tagged(ColourEngine(), card(classes=classes)))
    assert [sentence.split(" picture is tagged ")[0] for sentence in found] == [
        "A plain black", "A plain grey", "A plain white",
    ]  # fmt: skip
    assert "Red Rock" in found[0]

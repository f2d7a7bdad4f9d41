"""A photo is corrupted before the product prepares it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tagger.image.decode import decode
from tagger.image.preprocess import preprocess
from training.evaluate.metrics import Predictions
from training.evaluate.robustness import CORRUPTIONS, corrupted, cropped, enlarged, flipped, grey, halved, rotated
from training.fit.dataset import MAX_PIXELS, photo_dataset
from training.fit.experiment import Experiment


def half_red(width: int = 100, height: int = 60) -> Image.Image:
    image = Image.new("RGB", (width, height), (0, 0, 255))
    image.paste((255, 0, 0), (0, 0, width // 2, height))
    return image


def test_there_are_ten_changes() -> None:
    assert list(CORRUPTIONS) == [
        "JPEG quality 30",
        "WebP quality 40",
        "three times as large",
        "three quarters, bilinear",
        "three quarters, Lanczos",
        "half resolution",
        "rotated +15°",
        "rotated -15°",
        "grey",
        "centre crop of 60 %",
    ]


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_every_change_gives_another_rgb_photo(name: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 100, 3), dtype=np.uint8)
    after = CORRUPTIONS[name](Image.fromarray(noise))
    assert after.mode == "RGB"
    assert after.tobytes() != noise.tobytes()


def test_half_resolution_has_a_quarter_of_the_pixels_and_the_crop_sixty_per_cent() -> None:
    assert halved(half_red()).size == (50, 30)
    width, height = cropped(half_red()).size
    assert width * height / (100 * 60) == pytest.approx(0.6, rel=0.02)
    assert cropped(half_red()).getpixel((0, 0)) == (255, 0, 0)


def test_a_large_photo_is_decoded_at_half_its_size() -> None:
    assert enlarged(half_red()).size == (150, 90)


def test_a_photo_flips_if_its_tag_comes_goes_or_names_another_landmark() -> None:
    before = answers(first=[0, 0, 0, 0, 0], tagged=[True, True, False, True, False])
    after = answers(first=[0, 0, 0, 1, 1], tagged=[True, False, True, True, False])
    assert flipped(before, after).tolist() == [False, True, True, True, False]


def answers(first: list[int], tagged: list[bool]) -> Predictions:
    return Predictions(np.array(first)[:, None], np.ones(len(first)), np.array(tagged), np.zeros(len(first), np.int64))


def test_a_photo_turns_within_its_frame_counter_clockwise() -> None:
    turned = rotated(half_red(), 15)
    assert turned.size == (100, 60)
    assert turned.getpixel((0, 0)) == (0, 0, 0)
    assert turned.getpixel((46, 5)) == (0, 0, 255)  # the border's upper end went to the left
    assert turned.getpixel((53, 55)) == (255, 0, 0)


def test_grey_has_no_colour() -> None:
    pixels = np.asarray(grey(half_red()))  # (H, W, 3)
    assert (pixels[..., 0] == pixels[..., 2]).all()


def test_the_network_sees_the_changed_photo_as_the_product_prepares_it(experiment: Experiment) -> None:
    dataset = photo_dataset(experiment, experiment.entries("val"))
    pixels, label = corrupted(dataset, halved)[4]
    contract = experiment.recipe.input
    before = decode(dataset.paths[4].read_bytes(), min_side_px=contract.resize_px, max_pixels=MAX_PIXELS).image
    np.testing.assert_array_equal(pixels.numpy(), preprocess(halved(before), contract))
    assert label == dataset.labels[4]
    np.testing.assert_array_equal(dataset[4][0].numpy(), preprocess(before, contract))  # the set itself is as it was

"""The one definition of what the network sees."""

from __future__ import annotations

import numpy as np
from PIL import Image

from tagger.core.types import InputContract
from tagger.image.preprocess import normalise, preprocess

CONTRACT = InputContract(size_px=32, resize_px=40, mean=(0.5, 0.25, 0.0), std=(0.5, 0.25, 1.0))


def test_the_centre_square_of_any_photo_has_the_contract_s_size() -> None:
    for size in [(200, 100), (100, 200), (32, 32), (7, 300), (1, 1), (33, 31)]:
        assert preprocess(Image.new("RGB", size), CONTRACT).shape == (32, 32, 3)


def test_one_resampling_equals_resizing_and_then_cropping() -> None:
    ramp = np.linspace(0, 255, 80 * 120 * 3).reshape(80, 120, 3).astype(np.uint8)
    image = Image.fromarray(ramp)
    two_steps = image.resize((60, 40), Image.Resampling.BICUBIC).crop((14, 4, 46, 36))
    assert np.abs(preprocess(image, CONTRACT).astype(int) - np.asarray(two_steps).astype(int)).max() <= 1


def test_what_lies_outside_the_square_is_not_seen() -> None:
    image = Image.new("RGB", (200, 100), "white")
    image.paste("black", (75, 25, 125, 75))
    changed = image.copy()
    changed.paste("red", (0, 0, 40, 100))
    assert np.array_equal(preprocess(image, CONTRACT), preprocess(changed, CONTRACT))


def test_normalising_is_per_channel_and_moves_the_channels_first() -> None:
    batch = np.full((2, 4, 4, 3), 255, dtype=np.uint8)
    result = normalise(batch, CONTRACT)
    assert result.shape == (2, 3, 4, 4)
    assert [float(result[0, channel, 0, 0]) for channel in range(3)] == [1.0, 3.0, 1.0]

"""Training sees the very pixels that an engine will see."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

import training
from tagger.image.decode import decode
from tagger.image.preprocess import normalise, preprocess
from training.fit.augment import augmentation
from training.fit.dataset import MAX_PIXELS, data_loader, network_input, photo_dataset
from training.fit.experiment import Experiment
from training.fit.recipe import Augment

# What only `tagger.image.decode` and `tagger.image.preprocess` may know how to do.
OWN_PREPROCESSING = re.compile(r"Image\.open|CenterCrop|\bResize\(|Normalize|/ ?255|exif")


def test_photos_at_rest_are_byte_for_byte_what_the_product_computes(experiment: Experiment) -> None:
    entries = experiment.entries("val")
    for entry, (pixels, _) in zip(entries, photo_dataset(experiment, entries), strict=True):  # type: ignore[call-overload]
        data = entry.path.read_bytes()
        contract = experiment.recipe.input
        image = decode(data, min_side_px=contract.resize_px, max_pixels=MAX_PIXELS).image
        np.testing.assert_array_equal(pixels.numpy(), preprocess(image, contract))


def test_no_module_of_training_has_a_preprocessing_of_its_own() -> None:
    folder = Path(str(training.__file__)).parent
    guilty = [file.name for file in folder.rglob("*.py") if OWN_PREPROCESSING.search(file.read_text())]
    assert guilty == []


def test_the_networks_input_is_normalised_by_the_product(experiment: Experiment) -> None:
    pixels = torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8)  # (N, H, W, 3)
    expected = normalise(pixels.numpy(), experiment.recipe.input)
    np.testing.assert_array_equal(network_input(pixels, experiment.recipe.input).numpy(), expected)


def test_labels_are_the_places_order_and_negatives_are_the_last_output(experiment: Experiment) -> None:
    labels = photo_dataset(experiment, experiment.entries("test")).labels
    assert labels == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_augmentation_depends_on_the_seed_and_the_photo_only(experiment: Experiment) -> None:
    at_rest = photo_dataset(experiment, experiment.entries("train"))
    first, again, other = (at_rest.transformed(augmentation(24, Augment()), seed) for seed in (1, 1, 2))
    assert first[3][0].shape == (24, 24, 3)
    assert first[3][0].dtype == torch.uint8
    torch.manual_seed(99)
    assert torch.equal(first[3][0], again[3][0])
    assert not torch.equal(first[3][0], other[3][0])


def test_photos_kept_in_memory_are_decoded_once_and_small(experiment: Experiment) -> None:
    entries = experiment.entries("train")
    kept = photo_dataset(experiment, entries, keep_px=20)
    for entry in entries:
        entry.path.unlink()
    assert kept.transformed(augmentation(24, Augment()), 1)[3][0].shape == (24, 24, 3)
    with pytest.raises(FileNotFoundError):
        kept[3]


def test_batches_at_rest_keep_the_order_and_shuffled_ones_repeat_with_their_seed(experiment: Experiment) -> None:
    dataset = photo_dataset(experiment, experiment.entries("train"))
    at_rest = torch.cat([labels for _, labels in data_loader(dataset, 10, 0)])  # (N,)
    assert at_rest.tolist() == dataset.labels
    once, twice = ([labels.tolist() for _, labels in data_loader(dataset, 10, 0, shuffle_seed=5)] for _ in range(2))
    assert once == twice
    assert [len(labels) for labels in once] == [10, 10]

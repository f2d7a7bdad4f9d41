"""Negatives that pass for landmarks come more often."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from tagger.model.nets import Network
from tests.training.fit.test_fit import with_changes
from training.data.manifest import load_manifest, write_manifest
from training.fit.experiment import Experiment
from training.fit.hard_negatives import draw_epoch, landmark_share

EPOCHS = 100


class Reddish(Network):
    """Takes what is red for the first landmark, and what is not for none."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.0)
        self.classifier = nn.Linear(3, 4)
        nn.init.zeros_(self.classifier.weight)
        nn.init.zeros_(self.classifier.bias)
        with torch.no_grad():
            self.classifier.weight[0] = torch.tensor([9.0, -9.0, 0.0])
            self.classifier.bias[-1] = 4.0

    @property
    def parts(self) -> list[nn.Module]:
        return []

    def features(self, photos: Tensor) -> Tensor:
        return photos.mean((2, 3))  # (N, 3)


def negatives(experiment: Experiment) -> list[int]:
    return [index for index, entry in enumerate(experiment.entries("train")) if entry.landmark is None]


@pytest.fixture(name="red_fog")
def paint_one_red(experiment: Experiment) -> int:
    """The index of a negative that is painted red."""
    index = negatives(experiment)[0]
    Image.new("RGB", (48, 40), (255, 0, 0)).save(experiment.entries("train")[index].path)
    return index


def test_a_negative_that_passes_for_a_landmark_is_drawn_more_often(experiment: Experiment, red_fog: int) -> None:
    experiment = with_changes(experiment, "train.hard_negatives=0.5")
    drawn = Counter(index for seed in range(EPOCHS) for index in draw_epoch(Reddish(), experiment, seed))
    easy = [drawn[index] for index in negatives(experiment) if index != red_fog]
    assert drawn[red_fog] > 2 * EPOCHS
    assert min(easy) > EPOCHS / 4


def test_an_epoch_shows_each_landmark_photo_once_and_as_many_negatives_as_there_are(experiment: Experiment) -> None:
    experiment = with_changes(experiment, "train.hard_negatives=0.7")
    entries = experiment.entries("train")
    drawn = draw_epoch(Reddish(), experiment, 1)
    landmarks = [index for index, entry in enumerate(entries) if entry.landmark]
    assert sorted(index for index in drawn if entries[index].landmark) == landmarks
    assert len(drawn) == len(entries)
    assert drawn == draw_epoch(Reddish(), experiment, 1) != draw_epoch(Reddish(), experiment, 2)


def test_an_epoch_is_the_whole_split_without_mining_or_without_negatives(experiment: Experiment) -> None:
    everything = list(range(len(experiment.entries("train"))))
    assert draw_epoch(Reddish(), experiment, 1) == everything
    write_manifest(experiment.manifest, [e for e in load_manifest(experiment.manifest) if e.landmark])
    mining = with_changes(experiment, "train.hard_negatives=1")
    assert draw_epoch(Reddish(), mining, 1) == list(range(len(mining.entries("train"))))


@pytest.mark.usefixtures("red_fog")
def test_what_passes_for_any_landmark_counts(experiment: Experiment) -> None:
    network = Reddish()
    photos = [experiment.entries("train")[index] for index in negatives(experiment)]
    shares = landmark_share(network, experiment, photos)  # (N,)
    assert shares.shape == (len(photos),)
    assert shares[0] > 0.99 > 0.1 > max(shares[1:])
    with torch.no_grad():
        network.classifier.bias[:3] = network.classifier.bias[3]
    assert min(landmark_share(network, experiment, photos)) > 0.7

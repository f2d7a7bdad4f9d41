"""Real training steps on drawn photos."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from tagger.core.errors import EngineUnavailable
from tagger.model.nets import build
from tests.drawn import COLOURS
from tests.training.drawn import recipe
from training.data.manifest import DataError, Entry, load_manifest, write_manifest
from training.fit.dataset import network_input, photo_dataset
from training.fit.experiment import Experiment, begin_experiment, fitting_batch, open_experiment
from training.fit.fit import fit
from training.fit.loop import crop_px, train
from training.fit.pretrained import pretrained
from training.fit.recipe_file import load_recipe, with_overrides

FROZEN = ("stem.", "stages.0.", "stages.1.", "stages.2.")


class Interrupted(Exception):
    """Stands for a power cut after an epoch."""


def interrupt_after_epoch(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Experiment.log

    def until(experiment: Experiment, **values: Any) -> None:
        log(experiment, **values)
        if values.get("epoch") == number:
            raise Interrupted

    monkeypatch.setattr(Experiment, "log", until)


def with_changes(experiment: Experiment, *changes: str) -> Experiment:
    return Experiment(with_overrides(experiment.recipe, changes), experiment.folder)


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        (),
        ("train.frozen_parts=0", "train.keep_px=36"),
        ("network=efficientnet_lite0",),
    ],
    ids=["tiny", "nothing frozen", "efficientnet_lite0"],
)
def test_an_interrupted_and_resumed_run_gives_the_weights_of_an_uninterrupted_one(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch, changes: Sequence[str]
) -> None:
    experiment = with_changes(experiment, *changes)
    fit(experiment)
    whole = load_file(experiment.weights)
    experiment.weights.unlink()
    with monkeypatch.context() as patch, pytest.raises(Interrupted):
        interrupt_after_epoch(1, patch)
        fit(experiment)
    fit(experiment, resume=True)
    resumed = load_file(experiment.weights)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def eight_photos(folder: Path) -> list[Entry]:
    """Patterns that have nothing in common but their labels, six times each; validation has the same ones once."""
    entries = []
    for index in range(8):
        pixels = np.random.default_rng(index).integers(0, 256, (4, 4, 3), dtype=np.uint8)
        path = folder / f"{index}.png"
        Image.fromarray(pixels).resize((64, 64)).save(path)
        label = list(COLOURS)[index % 3]
        entries.append(Entry(path, f"{index}", "train", "landmark", label, "", 64, 64))
    return [*entries * 6, *(replace(entry, split="val") for entry in entries)]


@pytest.mark.slow
def test_the_loop_learns_eight_photos_by_heart(tmp_path: Path) -> None:
    write_manifest(tmp_path / "data" / "manifest.csv", eight_photos(tmp_path))
    changes = ["network=scratch", "train.frozen_parts=0", "train.epochs=10", "train.mix=0", "train.label_smoothing=0"]
    chosen = load_recipe(recipe(tmp_path), [*changes, "train.ema_decay=0.8", "augment.min_area=0.8"])
    experiment = begin_experiment(replace(chosen, head=None, refit=None), tmp_path / "data", tmp_path / "runs")
    torch.manual_seed(0)
    network = train(build("scratch", experiment.outputs).to(memory_format=torch.channels_last), experiment).eval()
    dataset = photo_dataset(experiment, experiment.entries("train"))
    pixels, labels = zip(*(dataset[n] for n in range(8)), strict=True)
    with torch.inference_mode():
        said = network(network_input(torch.stack(pixels), experiment.recipe.input)).argmax(1)  # (8,)
    assert said.tolist() == list(labels)


@pytest.mark.slow
def test_a_checkpoint_of_another_recipe_or_other_photos_is_not_continued(experiment: Experiment) -> None:
    fit(with_changes(experiment, "train.epochs=1"))
    with pytest.raises(DataError, match="made with another recipe"):
        fit(experiment, resume=True)
    fit(experiment)
    write_manifest(experiment.manifest, load_manifest(experiment.manifest)[1:])
    with pytest.raises(DataError, match="or other photos"):
        fit(with_changes(experiment), resume=True)


@pytest.mark.slow
def test_training_moves_the_later_parts_and_leaves_the_frozen_ones(experiment: Experiment) -> None:
    torch.manual_seed(0)
    network = pretrained("efficientnet_lite0", experiment.outputs)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    after = train(network, experiment).state_dict()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert not any(name.startswith(FROZEN) for name in moved)
    expected = {name for name in before if name.endswith("weight") and not name.startswith(FROZEN)}
    assert expected <= moved


@pytest.mark.slow
def test_a_network_of_torchvision_trains_as_any_other(experiment: Experiment) -> None:
    fit(with_changes(experiment, "network=torchvision/resnet18", "train.epochs=1", "train.frozen_parts=2"))
    assert load_file(experiment.weights)["classifier.weight"].shape == (4, 512)


@pytest.mark.slow
def test_every_epoch_is_a_point_on_the_curves(experiment: Experiment) -> None:
    fit(experiment)
    assert list((experiment.folder / "curves").glob("events.out.tfevents.*"))
    lines = [json.loads(line) for line in experiment.log_file.read_text().splitlines()]
    assert [line["stage"] for line in lines] == ["head", "train", "train", "head", "fitted"]
    assert [line["epoch"] for line in lines if line["stage"] == "train"] == [1, 2]


def test_crops_grow_in_steps_to_their_full_size(experiment: Experiment) -> None:
    recipe = with_changes(experiment, "train_px=128", "train.grow_from_px=64", "train.epochs=9").recipe
    assert [crop_px(recipe, epoch) for epoch in range(9)] == [64, 64, 96, 96, 96, 128, 128, 128, 128]
    assert crop_px(with_changes(experiment, "train_px=128").recipe, 0) == 128


def test_a_device_that_is_not_here_is_an_error_before_any_work(experiment: Experiment) -> None:
    with pytest.raises(EngineUnavailable, match="no device cuda:99"):
        fit(with_changes(experiment, "device=cuda:99"))
    assert not experiment.log_file.exists()


def test_a_landmark_without_a_training_photo_is_an_error_before_any_work(experiment: Experiment, data: Path) -> None:
    entries = load_manifest(data / "manifest.csv")
    write_manifest(data / "manifest.csv", [e for e in entries if e.landmark != "red_rock" or e.split != "train"])
    with pytest.raises(DataError, match="No training photo shows red_rock"):
        begin_experiment(experiment.recipe, data)


def test_a_landmark_without_a_description_is_an_error_that_names_the_file_of_these_photos(
    experiment: Experiment, data: Path
) -> None:
    places = experiment.recipe.landmarks
    places.write_text(places.read_text().replace("[red_rock]", "[pink_rock]"))
    with pytest.raises(DataError, match=r"does not describe red_rock\. Add its name there\.$"):
        begin_experiment(experiment.recipe, data)
    (data / "landmarks.toml").touch()
    with pytest.raises(DataError, match=f"prepare described these photos' landmarks: landmarks={data}/landmarks.toml"):
        begin_experiment(experiment.recipe, data)


@pytest.mark.parametrize(("photos", "batch"), [(1000, 64), (64, 64), (63, 8), (42, 8), (5, 2), (2, 2)])
def test_few_photos_make_the_batch_smaller(photos: int, batch: int) -> None:
    assert fitting_batch(64, photos) == batch


def test_one_training_photo_is_too_few() -> None:
    with pytest.raises(DataError, match="There are 1 training photos"):
        fitting_batch(64, 1)


def test_a_run_on_nothing_prepared_names_the_step_that_is_missing(experiment: Experiment, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Run first: python -m training prepare"):
        begin_experiment(experiment.recipe, tmp_path / "nothing")


def test_a_run_is_found_by_its_name_or_its_folder(experiment: Experiment) -> None:
    by_name, by_folder = open_experiment(Path("colours"), experiment.folder.parent), open_experiment(experiment.folder)
    assert by_name == by_folder == experiment
    with pytest.raises(DataError, match="Existing runs: colours"):
        open_experiment(Path("colour"), experiment.folder.parent)

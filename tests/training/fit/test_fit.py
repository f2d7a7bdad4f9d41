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
from training.fit.dataset import network_input, photos
from training.fit.experiment import Experiment, begin_experiment, open_experiment
from training.fit.fit import fit
from training.fit.loop import crop_px, train
from training.fit.pretrained import imagenet
from training.fit.recipe import load_recipe, with_overrides

FROZEN = ("stem.", "stages.0.", "stages.1.", "stages.2.")


class Interrupted(Exception):
    """Stands for a power cut after an epoch."""


def interrupt_after_epoch(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Experiment.log

    def until(run: Experiment, **values: Any) -> None:
        log(run, **values)
        if values.get("epoch") == number:
            raise Interrupted

    monkeypatch.setattr(Experiment, "log", until)


def with_changes(run: Experiment, *changes: str) -> Experiment:
    return Experiment(with_overrides(run.recipe, changes), run.folder)


@pytest.mark.parametrize("changes", [(), ("network=scratch", "train.frozen_parts=0", "train.keep_px=36")])
def test_an_interrupted_and_resumed_run_gives_the_weights_of_an_uninterrupted_one(
    run: Experiment, monkeypatch: pytest.MonkeyPatch, changes: Sequence[str]
) -> None:
    run = with_changes(run, *changes)
    fit(run)
    whole = load_file(run.weights)
    run.weights.unlink()
    with monkeypatch.context() as patch, pytest.raises(Interrupted):
        interrupt_after_epoch(1, patch)
        fit(run)
    fit(run, resume=True)
    resumed = load_file(run.weights)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def eight_photos(folder: Path) -> list[Entry]:
    """Patterns that have nothing in common but their labels; the validation split is the same, which nothing checks."""
    entries = []
    for index in range(8):
        pixels = np.random.default_rng(index).integers(0, 256, (4, 4, 3), dtype=np.uint8)
        path = folder / f"{index}.png"
        Image.fromarray(pixels).resize((64, 64)).save(path)
        label = list(COLOURS)[index % 3]
        entries.append(Entry(path, f"{index}", "train", "landmark", label, "", 64, 64))
    return [*entries, *(replace(entry, split="val") for entry in entries)]


def test_the_loop_learns_eight_photos_by_heart(tmp_path: Path) -> None:
    write_manifest(tmp_path / "data" / "manifest.csv", eight_photos(tmp_path))
    changes = ["network=scratch", "train.frozen_parts=0", "train.epochs=60", "train.mix=0", "train.label_smoothing=0"]
    chosen = load_recipe(recipe(tmp_path), [*changes, "train.ema_decay=0.8", "augment.min_area=0.8"])
    run = begin_experiment(replace(chosen, head=None, refit=None), tmp_path / "data", tmp_path / "runs")
    torch.manual_seed(0)
    network = train(build("scratch", run.outputs).to(memory_format=torch.channels_last), run).eval()
    dataset = photos(run, run.entries("train"))
    pixels, labels = zip(*(dataset[n] for n in range(8)), strict=True)
    with torch.inference_mode():
        said = network(network_input(torch.stack(pixels), run.recipe.input)).argmax(1)  # (8,)
    assert said.tolist() == list(labels)


def test_a_checkpoint_of_another_recipe_or_other_photos_is_not_continued(run: Experiment) -> None:
    fit(with_changes(run, "train.epochs=1"))
    with pytest.raises(DataError, match="made by another recipe"):
        fit(run, resume=True)
    fit(run)
    write_manifest(run.manifest, load_manifest(run.manifest)[1:])
    with pytest.raises(DataError, match="or other photos"):
        fit(with_changes(run), resume=True)


def test_training_moves_the_later_parts_and_leaves_the_frozen_ones(run: Experiment) -> None:
    torch.manual_seed(0)
    network = imagenet(run.recipe.network, run.outputs)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    after = train(network, run).state_dict()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert not any(name.startswith(FROZEN) for name in moved)
    expected = {name for name in before if name.endswith("weight") and not name.startswith(FROZEN)}
    assert expected <= moved


def test_a_network_of_torchvision_trains_as_any_other(run: Experiment) -> None:
    fit(with_changes(run, "network=torchvision/resnet18", "train.epochs=1", "train.frozen_parts=2"))
    assert load_file(run.weights)["classifier.weight"].shape == (4, 512)


def test_every_epoch_is_a_point_on_the_curves(run: Experiment) -> None:
    fit(run)
    assert list((run.folder / "curves").glob("events.out.tfevents.*"))
    lines = [json.loads(line) for line in run.log_file.read_text().splitlines()]
    assert [line["stage"] for line in lines] == ["head", "train", "train", "head", "fitted"]
    assert [line["epoch"] for line in lines if line["stage"] == "train"] == [1, 2]


def test_crops_grow_in_steps_to_their_full_size(run: Experiment) -> None:
    recipe = with_changes(run, "train_px=128", "train.grow_from_px=64", "train.epochs=9").recipe
    assert [crop_px(recipe, epoch) for epoch in range(9)] == [64, 64, 96, 96, 96, 128, 128, 128, 128]
    assert crop_px(with_changes(run, "train_px=128").recipe, 0) == 128


def test_a_device_that_is_not_here_is_an_error_before_any_work(run: Experiment) -> None:
    with pytest.raises(EngineUnavailable, match="cuda:99 was asked for"):
        fit(with_changes(run, "device=cuda:99"))
    assert not run.log_file.exists()


def test_a_landmark_without_a_training_photo_is_an_error_before_any_work(
    run: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = Experiment.entries

    def without_red(self: Experiment, split: Any) -> list[Entry]:
        return [entry for entry in entries(self, split) if entry.landmark != "red_rock"]

    monkeypatch.setattr(Experiment, "entries", without_red)
    with pytest.raises(DataError, match="No training photo shows 'red_rock'"):
        fit(run)


def test_a_photo_of_a_landmark_without_a_place_is_an_error(run: Experiment) -> None:
    places = run.recipe.landmarks
    places.write_text(places.read_text().replace("[red_rock]", "[pink_rock]"))
    with pytest.raises(DataError, match="does not describe 'red_rock'"):
        fit(run)


def test_a_run_on_nothing_prepared_names_the_step_that_is_missing(run: Experiment, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Run first: python -m training prepare"):
        begin_experiment(run.recipe, tmp_path / "nothing")


def test_a_run_is_found_by_its_name_or_its_folder(run: Experiment) -> None:
    assert open_experiment(Path("colours"), run.folder.parent) == open_experiment(run.folder) == run
    with pytest.raises(DataError, match="There are: colours"):
        open_experiment(Path("colour"), run.folder.parent)

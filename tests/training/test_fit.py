"""Real training steps on drawn photos."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from training.loop import finetune
from training.prepare import DataError, Entry
from training.pretrained import imagenet
from training.run import Run
from training.transfer import fit

FROZEN = ("stem.", "stages.0.", "stages.1.", "stages.2.")


class Interrupted(Exception):
    """Stands for a power cut after an epoch."""


def interrupt_after_epoch(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Run.log

    def until(run: Run, **values: Any) -> None:
        log(run, **values)
        if values.get("epoch") == number:
            raise Interrupted

    monkeypatch.setattr(Run, "log", until)


def test_an_interrupted_and_resumed_run_gives_the_weights_of_an_uninterrupted_one(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit(run)
    whole = load_file(run.weights)
    run.weights.unlink()
    with monkeypatch.context() as patch, pytest.raises(Interrupted):
        interrupt_after_epoch(1, patch)
        fit(run)
    fit(run, resume=True)
    resumed = load_file(run.weights)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_a_checkpoint_of_another_recipe_is_not_continued(run: Run) -> None:
    fit(replace(run, recipe=replace(run.recipe, finetune=replace(run.recipe.finetune, epochs=1))))
    with pytest.raises(DataError, match="made by another recipe"):
        fit(run, resume=True)


def test_fine_tuning_moves_the_later_stages_and_leaves_the_frozen_ones(run: Run) -> None:
    torch.manual_seed(0)
    network = imagenet(run.recipe.network, run.outputs)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    after = finetune(network, run).state_dict()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert not any(name.startswith(FROZEN) for name in moved)
    expected = {name for name in before if name.endswith("weight") and not name.startswith(FROZEN)}
    assert expected <= moved


def test_a_landmark_without_a_training_photo_is_an_error_before_any_work(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = Run.entries

    def without_red(self: Run, split: Any) -> list[Entry]:
        return [entry for entry in entries(self, split) if entry.landmark != "red_rock"]

    monkeypatch.setattr(Run, "entries", without_red)
    with pytest.raises(DataError, match="No training photo shows 'red_rock'"):
        fit(run)


def test_a_photo_of_a_landmark_without_a_place_is_an_error(run: Run) -> None:
    places = run.recipe.landmarks
    places.write_text(places.read_text().replace("[red_rock]", "[pink_rock]"))
    with pytest.raises(DataError, match="does not describe 'red_rock'"):
        fit(run)


def test_fitting_before_preparing_names_the_step_that_is_missing(run: Run) -> None:
    run.manifest.unlink()
    with pytest.raises(DataError, match="Run first: python -m training prepare"):
        fit(run)

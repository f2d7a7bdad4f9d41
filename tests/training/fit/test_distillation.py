"""A student learns what its teacher says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tagger.core.errors import ConfigError
from tagger.model.bundle import Bundle, write_bundle
from tagger.model.nets import build
from training.data.manifest import DataError
from training.fit.distillation import Teacher, teacher_bundle
from training.fit.experiment import Experiment
from training.fit.fit import fit
from training.fit.recipe import Distill
from training.fit.recipe_file import with_overrides
from training.publish.export import draft_card, weight_files


@pytest.fixture
def teacher(experiment: Experiment, tmp_path: Path) -> Bundle:
    """A bundle of an untrained run."""
    torch.manual_seed(1)
    save_file(build("tiny", experiment.outputs).state_dict(), experiment.weights)
    return write_bundle(tmp_path / "teacher", draft_card(experiment), weight_files(experiment))


def student(experiment: Experiment, teacher: Path, *changes: str, weight: float = 0.9) -> Experiment:
    recipe = replace(with_overrides(experiment.recipe, changes), distill=Distill(teacher, weight))
    return Experiment(recipe, experiment.folder)


@pytest.mark.slow
def test_a_student_like_its_teacher_has_nothing_to_learn_from_it(experiment: Experiment, teacher: Bundle) -> None:
    taught = Teacher(student(experiment, teacher.folder, weight=1.0))
    values = torch.randn(3, 3, 32, 32)  # (B, 3, H, W)
    logits = taught.logits(values)  # (B, outputs)
    assert logits.shape == (3, experiment.outputs)
    loss = torch.tensor(5.0)  # of labels, which do not count
    assert float(taught.blend(loss, logits, values)) == pytest.approx(0, abs=1e-6)
    assert float(taught.blend(loss, -logits, values)) > 0.01


@pytest.mark.slow
def test_a_student_trains_with_its_teacher(experiment: Experiment, teacher: Bundle) -> None:
    taught = student(experiment, teacher.folder)
    experiment.weights.unlink()
    fit(taught)
    assert taught.weights.is_file()
    assert taught.fingerprint != experiment.fingerprint


@pytest.mark.slow
def test_a_teacher_with_other_landmarks_or_another_input_is_refused(experiment: Experiment, teacher: Bundle) -> None:
    card = teacher.card
    files = {name: teacher.file(name).read_bytes() for name in card.files}
    fewer = write_bundle(teacher.folder.with_name("fewer"), replace(card, classes=card.classes[:2]), files)
    with pytest.raises(DataError, match="landmarks that differ"):
        teacher_bundle(student(experiment, fewer.folder))
    with pytest.raises(ConfigError, match="input differs from its teacher's"):
        teacher_bundle(student(experiment, teacher.folder, "input.resize_px=40"))


@pytest.mark.slow
def test_a_teacher_may_be_a_calibrated_run_beside_the_student(experiment: Experiment, teacher: Bundle) -> None:
    with pytest.raises(DataError, match="python -m training calibrate"):
        teacher_bundle(student(experiment, Path(experiment.folder.name)))
    files = {name: teacher.file(name).read_bytes() for name in teacher.card.files}
    made = write_bundle(experiment.bundle, teacher.card, files)
    assert teacher_bundle(student(experiment, Path(experiment.folder.name))) == made

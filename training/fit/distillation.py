"""Knowledge distillation: a small network learns what a large one answers for the same photos.

The teacher's outputs say more than a label: which other landmarks the photo resembles, and how sure one can be.

Source:
    Hinton et al. 2015, arXiv:1503.02531; teacher and student see the same crop: Beyer et al. 2022, arXiv:2106.05237.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from safetensors.torch import load_file
from torch import Tensor

from tagger.core.errors import ConfigError
from tagger.model.bundle import CARD_FILE, Bundle, open_bundle
from tagger.model.card import SAFETENSORS_FILE
from tagger.model.nets import build, load_weights
from training.data.manifest import DataError
from training.fit.device import resolve_device
from training.fit.experiment import Experiment, open_experiment
from training.fit.frozen_backbone import FrozenBackbone


class Teacher:
    """A frozen network whose outputs the student imitates.

    Args:
        experiment: the student's; its recipe names the teacher.

    Raises:
        ConfigError: the teacher has other landmarks, or another input.
        DataError: it is neither a bundle nor a calibrated run.
    """

    def __init__(self, experiment: Experiment) -> None:
        assert experiment.recipe.distill is not None
        self._recipe = experiment.recipe.distill
        card = (bundle := teacher_bundle(experiment)).card
        network = build(card.network, card.outputs)
        load_weights(network, load_file(bundle.file(SAFETENSORS_FILE)))
        device = resolve_device(experiment.recipe.device)
        self._network = network.eval().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._backbone = FrozenBackbone(network, len(network.parts), device)

    def blend(self, loss: Tensor, logits: Tensor, values: Tensor) -> Tensor:
        """Blend the loss on the labels with the distance from the teacher.

        Args:
            loss: the student's, on the labels.
            logits: the student's, (B, outputs).
            values: the photos, (B, 3, H, W).
        """
        weight, temperature = self._recipe.weight, self._recipe.temperature
        student = F.log_softmax(logits / temperature, dim=1)  # (B, outputs)
        teacher = F.log_softmax(self.logits(values) / temperature, dim=1)  # (B, outputs)
        distance = F.kl_div(student, teacher, reduction="batchmean", log_target=True)
        return (1 - weight) * loss + weight * temperature**2 * distance

    @torch.no_grad()
    def logits(self, values: Tensor) -> Tensor:
        """The teacher's logits (B, outputs) for photos (B, 3, H, W)."""
        features = self._backbone.features(self._network, values)  # (B, features)
        logits: Tensor = self._network.classifier(features.float())  # (B, outputs)
        return logits


def teacher_bundle(experiment: Experiment) -> Bundle:
    """The bundle that a student's recipe names, by its folder or its run."""
    recipe = experiment.recipe
    assert recipe.distill is not None
    folder = recipe.distill.teacher
    if not (folder / CARD_FILE).is_file():
        run = open_experiment(folder, experiment.folder.parent)
        folder = run.require(run.bundle, "calibrate")
    bundle = open_bundle(folder)
    theirs, ours = ([c.id for c in classes] for classes in (bundle.card.classes, experiment.classes))
    if theirs != ours or bundle.card.outputs != experiment.outputs:
        raise DataError(f"The teacher {folder} has landmarks that differ from those in {recipe.landmarks}.")
    if bundle.card.input != recipe.input:
        raise ConfigError(f"The recipe's input differs from its teacher's: {bundle.card.input}.")
    return bundle

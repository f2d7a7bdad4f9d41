"""A recipe: every choice that makes one model, as a TOML file.

The one rule: every choice that changes the weights is here, and an unknown key is an error. `Recipe.fingerprint`
contains the names of these classes and fields; renaming one makes old checkpoints unusable.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from tagger.core.types import InputContract

FOLDER = Path(__file__).resolve().parents[1]
LANDMARKS = FOLDER / "landmarks.toml"  # of the shipped recipes

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(gt=0)]
Rate = Annotated[float, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, slots=True)
class Head:
    """A linear probe: a linear layer on features of a frozen network.

    Args:
        views: augmented versions of each training photo.
        at_rest: whether to add the photos without augmentation.
        steps: optimiser steps.
        rate: learning rate.
        weight_decay: of AdamW.
        label_smoothing: fraction of the target that is spread over all outputs.
    """

    views: Positive = 1
    at_rest: bool = False
    steps: Positive = 400
    rate: Rate = 3e-3
    weight_decay: float = 1e-2
    label_smoothing: Fraction = 0.0


@dataclass(frozen=True, slots=True)
class Train:
    """Stage 2: gradient descent through the network.

    Args:
        epochs: 0 leaves the base as it was published.
        frozen_parts: how many of the network's `parts` keep their weights and batch-norm statistics.
        batch: photos in a batch.
        rate: learning rate of the head.
        rate_decay: each part learns at this fraction of the rate of the part above it.
        warmup_epochs: until the rate is reached; then it falls to zero by half a cosine.
        weight_decay: of AdamW; norms and biases have none.
        label_smoothing: as for the head.
        mix: fraction of the batches in which photos are blended (half by mixup, half by cutmix).
        ema_decay: of the averaged weights, for each step.
        grow_from_px: crops grow from this side to `train_px` over the first two thirds of the epochs. 0: no growth.
        keep_px: decode each photo once and keep it in memory with this short side; 0 decodes it every time.
    """

    epochs: Count = 6
    frozen_parts: Count = 0
    batch: Positive = 64
    rate: Rate = 1e-3
    rate_decay: Rate = 1.0
    warmup_epochs: float = 0.5
    weight_decay: float = 2e-2
    label_smoothing: Fraction = 0.1
    mix: Fraction = 0.0
    ema_decay: Fraction = 0.99
    grow_from_px: Count = 0
    keep_px: Count = 0


@dataclass(frozen=True, slots=True)
class Distill:
    """What stage 2 learns from a larger network, besides the labels; see `training.fit.distillation`.

    Args:
        teacher: a calibrated run beside this one, or the folder of a bundle.
        weight: fraction of the loss that compares with the teacher.
        temperature: softens both networks' outputs, so that small ones count too.
    """

    teacher: Path
    weight: Fraction = 0.9
    temperature: Rate = 2.0


@dataclass(frozen=True, slots=True)
class Augment:
    """How training photos are changed; see `training.fit.augment`.

    Args:
        min_area: smallest fraction of the photo that a crop keeps.
        operations: of RandAugment, for each photo.
        magnitude: of RandAugment, 0 to 30.
        erase: fraction of the photos in which a box is blanked.
        shrink: fraction of the photos that are made smaller first, by a random filter.
        recompress: fraction of the photos that are compressed again, as JPEG or WebP.
        grey: fraction of the photos without colour.
    """

    min_area: Rate = 0.2
    operations: Count = 0
    magnitude: Count = 6
    erase: Fraction = 0.0
    shrink: Fraction = 0.3
    recompress: Fraction = 0.25
    grey: Fraction = 0.05


@dataclass(frozen=True, slots=True)
class Threshold:
    """When a suggestion becomes a tag: as early as the validation split allows.

    Args:
        max_sights_tagged: fraction of the negatives that show another sight that may be tagged.
        max_ordinary_tagged: fraction of all other negatives that may be tagged. Photos without a kind are among them.
        min_tags_right: fraction of the tags on landmark photos that must be right.
        per_class: whether landmarks may have their own thresholds, if that ranks unseen photos better.
        floor: the lowest threshold; a higher one is used if there are few negatives.
    """

    max_sights_tagged: Fraction = 0.04
    max_ordinary_tagged: Fraction = 0.007
    min_tags_right: Fraction = 0.985
    per_class: bool = True
    floor: Fraction = 0.3


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that makes one model.

    Args:
        name: of the recipe and of its run.
        bundle: the bundle's name in its card. The names of the shipped recipes' bundles are reserved for the landmarks
            that come with the package.
        version: the bundle's version in its card.
        input: what the network takes.
        landmarks: the file with names and places of the classes, relative to the recipe.
        network: ``efficientnet_lite0`` (or 1, 2), ``scratch``, or ``torchvision/`` and a name that torchvision has.
        base: ``imagenet`` for the published weights of the network, ``random`` for none.
        base_weights: a file of weights to use instead of the published ones.
        train_px: side of the training crops. A crop shows things larger than the whole photo does, so this is a
            little less than `input.size_px` (Touvron et al. 2019, arXiv:1906.06423).
        seed: of all random choices.
        workers: processes that load photos.
        device: ``auto`` is CUDA if there is a device, else the CPU.
        augment: of the training photos.
        head: stage 1, a linear probe on the published base; leave it out for random weights.
        train: stage 2, gradient descent through the network.
        distill: a larger network that stage 2 imitates; leave it out to learn from labels alone.
        refit: stage 3, another linear probe on the trained base.
        threshold: when a suggestion becomes a tag.
    """

    name: str
    bundle: Annotated[str, Field(min_length=1)]
    version: str
    input: InputContract
    landmarks: Path
    network: str = "efficientnet_lite0"
    base: Literal["imagenet", "random"] = "imagenet"
    base_weights: Path | None = None
    train_px: Positive = 192
    seed: int = 7
    workers: Count = 2
    device: str = "auto"
    augment: Augment = field(default_factory=Augment)
    head: Head | None = None
    train: Train = field(default_factory=Train)
    distill: Distill | None = None
    refit: Head | None = None
    threshold: Threshold = field(default_factory=Threshold)

    @property
    def fingerprint(self) -> str:
        """The choices that determine the weights of stages 1 and 2; a checkpoint continues only with the same."""
        base = (self.network, self.base, self.base_weights, self.seed, self.head)
        scale = (self.input.mean, self.input.std)
        teacher = (self.distill,) if self.distill else ()  # without one, fingerprints are as they were
        return repr((*base, self.train_px, scale, self.augment, self.train, *teacher))

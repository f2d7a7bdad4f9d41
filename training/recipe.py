"""A recipe: every choice that makes one model, as a TOML file.

The one rule: nothing that changes the weights is decided anywhere else, and a key that nothing reads is an error.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import Field, TypeAdapter, ValidationError

from tagger.card import InputContract
from tagger.errors import ConfigError

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(gt=0)]
Rate = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, slots=True)
class Head:
    """A linear layer on features of a network that stands still; they are computed once.

    Args:
        views: augmented versions of each training photo that are looked at.
        at_rest: whether the photos as an engine will see them are looked at as well.
        steps: optimiser steps.
        label_smoothing: share of the target spread over all outputs.
    """

    views: Positive = 1
    at_rest: bool = False
    steps: Positive = 400
    rate: Rate = 3e-3
    weight_decay: float = 1e-2
    label_smoothing: Share = 0.0


@dataclass(frozen=True, slots=True)
class Finetune:
    """Stage 2: the later stages of the network, from the head of stage 1.

    Args:
        epochs: 0 leaves the base as it was published.
        frozen_stages: the stem and this many stages keep their weights and batch-norm statistics.
        rate: learning rate of the head; each stage below takes `rate_decay` of the one above.
        label_smoothing: as for the head.
        ema_decay: of the averaged weights, a step.
    """

    epochs: Count = 6
    frozen_stages: Count = 3
    batch: Positive = 64
    rate: Rate = 1e-3
    rate_decay: Rate = 0.7
    warmup_epochs: float = 0.5
    weight_decay: float = 2e-2
    label_smoothing: Share = 0.1
    ema_decay: Share = 0.99


@dataclass(frozen=True, slots=True)
class Threshold:
    """When a suggestion becomes a tag: as early as the validation split's negatives allow.

    Args:
        max_negatives_tagged: share of the negatives that may be tagged.
    """

    max_negatives_tagged: Share = 0.03


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that makes one model.

    Args:
        base: ``imagenet`` for the published weights of the network, ``random`` for none.
        landmarks: names and places of the classes, relative to the recipe.
        train_px: side of the training crops. A crop of part of a photo shows things larger than the photo at rest
            does, so this is a little less than `input.size_px` (Touvron et al. 2019, arXiv:1906.06423).
        head: stage 1, on the base as it was published.
        finetune: stage 2.
        refit: stage 3, the head once more on what became of the base.
    """

    name: str
    version: str
    input: InputContract
    landmarks: Path
    network: str = "efficientnet_lite0"
    base: Literal["imagenet", "random"] = "imagenet"
    train_px: Positive = 192
    seed: int = 7
    workers: Count = 2
    head: Head = field(default_factory=Head)
    finetune: Finetune = field(default_factory=Finetune)
    refit: Head = field(default_factory=Head)
    threshold: Threshold = field(default_factory=Threshold)

    @property
    def what_trains(self) -> str:
        """The choices that decide the weights; a checkpoint continues only under the same ones."""
        scale = (self.input.mean, self.input.std)
        return repr((self.network, self.base, self.seed, self.train_px, scale, self.finetune))


def load_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Raises:
        ConfigError: it cannot be read, a key is unknown (the nearest is named) or a value impossible.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"The recipe {path} cannot be read: {error}") from error
    _refuse_unknown(raw, Recipe, str(path))
    try:
        recipe = TypeAdapter(Recipe).validate_python(raw | {"landmarks": path.parent / str(raw.get("landmarks", ""))})
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    return recipe


def _refuse_unknown(raw: Mapping[str, Any], shape: type, place: str) -> None:
    known = {entry.name for entry in fields(shape)}
    types = get_type_hints(shape)
    for key, value in raw.items():
        if key not in known:
            near = get_close_matches(key, known, n=1, cutoff=0)
            raise ConfigError(f"{place}: unknown key {key!r}. The nearest is {near[0]!r}.")
        if is_dataclass(types[key]) and isinstance(value, dict):
            _refuse_unknown(value, types[key], f"{place} [{key}]")

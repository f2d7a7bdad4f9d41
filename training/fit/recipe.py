"""A recipe: every choice that makes one model, as a TOML file.

The one rule: nothing that changes the weights is decided anywhere else, and a key that nothing reads is an error.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

from pydantic import Field, TypeAdapter, ValidationError

from tagger.core.errors import ConfigError
from tagger.core.text import did_you_mean
from tagger.core.types import InputContract

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
class Train:
    """Stage 2: gradient descent through the network.

    Args:
        epochs: 0 leaves the base as it was published.
        frozen_parts: of the network's `parts`, so many keep their weights and batch-norm statistics.
        rate: learning rate of the head; each part below takes `rate_decay` of the one above.
        mix: share of the batches in which photos are blended (half by mixup, half by cutmix).
        label_smoothing: as for the head.
        ema_decay: of the averaged weights, a step.
        grow_from_px: the first epoch's crops; they grow to `train_px` over the first two thirds. 0: no growth.
        keep_px: decode each photo once and keep it in memory with this short side; 0 decodes it every time.
    """

    epochs: Count = 6
    frozen_parts: Count = 0
    batch: Positive = 64
    rate: Rate = 1e-3
    rate_decay: Rate = 1.0
    warmup_epochs: float = 0.5
    weight_decay: float = 2e-2
    label_smoothing: Share = 0.1
    mix: Share = 0.0
    ema_decay: Share = 0.99
    grow_from_px: Count = 0
    keep_px: Count = 0


@dataclass(frozen=True, slots=True)
class Augment:
    """What is done to a training photo beyond a flip; see `training.fit.augment`.

    Args:
        min_area: smallest share of the photo that a crop keeps.
        operations: of RandAugment, for each photo.
        magnitude: of RandAugment, 0 to 30.
        erase: share of the photos in which a box is blanked.
    """

    min_area: Rate = 0.2
    operations: Count = 0
    magnitude: Count = 6
    erase: Share = 0.0


@dataclass(frozen=True, slots=True)
class Threshold:
    """When a suggestion becomes a tag: as early as the validation split allows.

    Args:
        max_negatives_tagged: share of the negatives that may be tagged.
        min_tags_right: share of the tags on landmark photos that must be right.
        per_class: whether landmarks may get thresholds of their own, where that orders unseen photos better.
    """

    max_negatives_tagged: Share = 0.03
    min_tags_right: Share = 0.985
    per_class: bool = True


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that makes one model.

    Args:
        name: of the recipe and of its run.
        bundle: what the bundle calls itself.
        base: ``imagenet`` for the published weights of the network, ``random`` for none.
        base_weights: a file of weights to use in place of the published ones.
        landmarks: names and places of the classes, relative to the recipe.
        train_px: side of the training crops. A crop of part of a photo shows things larger than the photo at rest
            does, so this is a little less than `input.size_px` (Touvron et al. 2019, arXiv:1906.06423).
        device: ``auto`` is CUDA where there is a device, else the CPU.
        head: stage 1, on the base as it was published; none for random weights.
        train: stage 2.
        refit: stage 3, the head once more on what became of the base.
    """

    name: str
    bundle: str
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
    refit: Head | None = None
    threshold: Threshold = field(default_factory=Threshold)

    @property
    def what_trains(self) -> str:
        """The choices that decide the weights; a checkpoint continues only under the same ones."""
        begin = (self.network, self.base, self.base_weights, self.seed, self.head)
        scale = (self.input.mean, self.input.std)
        return repr((*begin, self.train_px, scale, self.augment, self.train))


def load_recipe(path: Path, changes: Sequence[str] = ()) -> Recipe:
    """Read a recipe.

    Args:
        changes: such as ``train.epochs=8``; the value as TOML writes it, where a bare word is a string.

    Raises:
        ConfigError: it cannot be read, a key is unknown (the nearest is named) or a value impossible.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"The recipe {path} cannot be read: {error}") from error
    for key in {"landmarks", "base_weights"} & raw.keys():
        raw[key] = (path.parent / str(raw[key])).resolve()
    return _changed(raw, changes, path)


def with_overrides(recipe: Recipe, changes: Sequence[str]) -> Recipe:
    """A recipe with changes as `load_recipe` takes them."""
    return _changed(RECIPE.dump_python(recipe), changes, Path(recipe.name))


def save_recipe(recipe: Recipe, path: Path) -> None:
    """Keep a recipe with every change that was made to it, as JSON."""
    path.write_bytes(RECIPE.dump_json(recipe, indent=2))


def saved_recipe(path: Path) -> Recipe:
    """What `save_recipe` kept.

    Raises:
        ConfigError: it was written by another version, or by hand.
    """
    return _validated(json.loads(path.read_text(encoding="utf-8")), path)


def _changed(raw: dict[str, Any], changes: Sequence[str], path: Path) -> Recipe:
    for change in changes:
        _change(raw, change)
    _refuse_unknown(raw, Recipe, str(path))
    return _validated(raw, path)


def _validated(raw: dict[str, Any], path: Path) -> Recipe:
    try:
        return RECIPE.validate_python(raw)
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _change(raw: dict[str, Any], change: str) -> None:
    key, equals, text = change.partition("=")
    if not equals:
        raise ConfigError(f"{change!r} changes nothing. Write it as key=value, such as train.epochs=8.")
    *tables, last = key.split(".")
    for table in tables:
        raw = raw.setdefault(table, {})
        if not isinstance(raw, dict):
            raise ConfigError(f"{change!r}: {table!r} is a value, not a table.")
    try:
        raw[last] = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        raw[last] = text


def _refuse_unknown(raw: Mapping[str, Any], shape: type, place: str) -> None:
    known = {entry.name for entry in fields(shape)}
    types = get_type_hints(shape)
    for key, value in raw.items():
        if key not in known:
            raise ConfigError(f"{place}: unknown key {key!r}.{did_you_mean(key, known)}")
        for inner in (types[key], *get_args(types[key])):  # a table, or a table or none
            if is_dataclass(inner) and isinstance(inner, type) and isinstance(value, dict):
                _refuse_unknown(value, inner, f"{place} [{key}]")


RECIPE = TypeAdapter(Recipe)

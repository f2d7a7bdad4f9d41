"""The provenance in a bundle's card: recipe, data, base weights and their licence, versions, command."""

from __future__ import annotations

import json
import os
import platform
from collections import Counter
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from pydantic import JsonValue, TypeAdapter

from training.data.manifest import content_sha256, load_manifest
from training.fit.experiment import Experiment
from training.fit.pretrained import weights_origin
from training.fit.recipe import LANDMARKS, Recipe

PACKAGES = ("torch", "torchvision", "onnx", "onnxscript", "openvino", "pillow", "numpy")
DESCRIPTION = (  # of LANDMARK_DATA; we know nothing about other photos
    "Public photos of landmarks and of ordinary things, short side 256 px, without EXIF; near-duplicates are grouped "
    "and no group is in two splits."
)
COMMAND = "LANDMARK_DATA=/path/to/photos python -m training reproduce training/recipes/{name}.toml"
OWN_COMMAND = "python -m training reproduce RECIPE --folder PHOTOS --to BUNDLE"  # RECIPE holds `recipe`


def provenance(experiment: Experiment) -> dict[str, JsonValue]:
    """Everything needed to judge or reproduce the weights, without folders of this machine."""
    recipe = experiment.recipe
    shown = replace(
        recipe,
        landmarks=Path(recipe.landmarks.name),
        base_weights=recipe.base_weights and Path(recipe.base_weights.name),
        distill=recipe.distill and replace(recipe.distill, teacher=Path(recipe.distill.teacher.name)),
    )
    return {
        "recipe": TypeAdapter(Recipe).dump_python(shown, mode="json"),
        "command": COMMAND.format(name=recipe.name) if recipe.landmarks == LANDMARKS else OWN_COMMAND,
        "data": _data(experiment),
        "base_weights": _base_weights(recipe),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
        "training": _training(experiment),
    }


def _data(experiment: Experiment) -> dict[str, JsonValue]:
    entries = load_manifest(experiment.manifest)
    counts = Counter(f"{entry.split} {entry.role} photos" for entry in entries)
    described = {"description": DESCRIPTION} if experiment.recipe.landmarks == LANDMARKS else {}
    return {
        **described,
        "content_sha256": content_sha256(entries),
        **dict(sorted(counts.items())),
    }


def _base_weights(recipe: Recipe) -> dict[str, JsonValue]:
    return {"package": None} if recipe.base == "random" else dict(weights_origin(recipe.network, recipe.base_weights))


def _training(experiment: Experiment) -> dict[str, JsonValue]:
    """Duration and machine of the last training."""
    lines = [json.loads(line) for line in experiment.log_file.read_text(encoding="utf-8").splitlines()]
    fitted = [line for line in lines if line["stage"] == "fitted"]
    last = fitted[-1] if fitted else {}
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    return {"device": last.get("device"), "minutes": last.get("minutes"), "machine": machine}

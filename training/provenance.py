"""Where a bundle's weights come from, for its card: recipe, data, base weights and their licence, versions, command."""

from __future__ import annotations

import hashlib
import os
import platform
from collections import Counter
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from pydantic import JsonValue, TypeAdapter

from training.prepare import DATA_VARIABLE, load_manifest
from training.pretrained import origin
from training.recipe import Recipe
from training.run import Run

PACKAGES = ("torch", "torchvision", "onnx", "onnxscript", "openvino", "pillow", "numpy")
COMMAND = "{variable}=/path/to/photos python -m training reproduce training/recipes/{name}.toml"


def provenance(run: Run) -> dict[str, JsonValue]:
    """Everything that a person needs to judge the weights or to make them again."""
    recipe = replace(run.recipe, landmarks=Path(run.recipe.landmarks.name))
    return {
        "recipe": TypeAdapter(Recipe).dump_python(recipe, mode="json"),
        "command": COMMAND.format(variable=DATA_VARIABLE, name=run.recipe.name),
        "data": _data(run),
        "base_weights": _base(run),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
        "machine": f"{platform.machine()} CPU, {os.cpu_count()} cores",
    }


def _data(run: Run) -> dict[str, JsonValue]:
    counts = Counter(f"{entry.split} {entry.role} photos" for entry in load_manifest(run.manifest))
    return {
        "description": "Public photos of landmarks and of ordinary things, short side 256 px, without EXIF; "
        "near-duplicates are grouped and no group is in two splits.",
        "manifest_sha256": hashlib.sha256(run.manifest.read_bytes()).hexdigest(),
        **dict(sorted(counts.items())),
    }


def _base(run: Run) -> dict[str, JsonValue]:
    if run.recipe.base == "random":
        return {"package": None}
    return dict(origin(run.recipe.network))

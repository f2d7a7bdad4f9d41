"""A run: one recipe at work on one folder of photos, and where its files lie.

The one rule: everything a run makes is under `runs/<recipe name>/`, which git ignores and which can be deleted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tagger.card import LandmarkClass
from training.places import load_places
from training.prepare import DataError, Entry, Split, load_manifest
from training.recipe import Recipe, load_recipe

RUNS = Path("runs")


@dataclass(frozen=True)
class Run:
    """A recipe, its photos and its folder.

    Args:
        photos: the folder that the manifest's paths are relative to.
    """

    recipe: Recipe
    photos: Path
    folder: Path

    @property
    def manifest(self) -> Path:
        return self.folder / "manifest.csv"

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    @property
    def weights(self) -> Path:
        return self.folder / "weights.safetensors"

    @property
    def bundle(self) -> Path:
        return self.folder / "bundle"

    @property
    def metrics(self) -> Path:
        return self.folder / "metrics.json"

    @cached_property
    def classes(self) -> tuple[LandmarkClass, ...]:
        """The landmarks in the order of the network's outputs."""
        return load_places(self.recipe.landmarks)

    @property
    def outputs(self) -> int:
        """One for each landmark and a last one for "none of these"."""
        return len(self.classes) + 1

    def entries(self, split: Split) -> list[Entry]:
        """The photos of one split, in the manifest's order."""
        manifest = load_manifest(self.needed(self.manifest, "prepare"))
        return [entry for entry in manifest if entry.split == split]

    def label(self, entry: Entry) -> int:
        """The index of the output that should win.

        Raises:
            DataError: the photo's landmark has no place in the recipe's file of landmarks.
        """
        if entry.landmark is None:
            return len(self.classes)
        for index, place in enumerate(self.classes):
            if place.id == entry.landmark:
                return index
        raise DataError(f"{self.recipe.landmarks} does not describe {entry.landmark!r}. Add its name and place.")

    def needed(self, file: Path, step: str) -> Path:
        """A file that an earlier step makes.

        Raises:
            DataError: it is not there; names the step.
        """
        if not file.exists():
            raise DataError(f"{file} is not there. Run first: python -m training {step} RECIPE")
        return file

    def log(self, **values: object) -> None:
        """Append one line to the run's log and show it."""
        line = json.dumps(values)
        print(line, flush=True)
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def open_run(recipe: Path, photos: Path, runs: Path = RUNS) -> Run:
    """The run of a recipe, new or begun."""
    loaded = load_recipe(recipe)
    folder = runs / loaded.name
    folder.mkdir(parents=True, exist_ok=True)
    return Run(loaded, photos, folder)

"""A run: one recipe at work on one manifest of photos, and where its files lie.

The one rule: everything a run makes or was made from is under `runs/<name>/`, which git ignores and which can be
deleted: its recipe with all changes, its manifest, checkpoint, weights, bundle and figures.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tagger.model.card import LandmarkClass
from training import RUNS
from training.data.landmarks import load_landmarks
from training.data.manifest import DataError, Entry, Split, content_sha256, load_manifest, write_manifest
from training.fit.recipe import Recipe, save_recipe, saved_recipe


@dataclass(frozen=True)
class Experiment:
    """A recipe and the folder of what it makes."""

    recipe: Recipe
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

    @property
    def details(self) -> Path:
        return self.folder / "details.json"

    @property
    def log_file(self) -> Path:
        return self.folder / "log.jsonl"

    @cached_property
    def classes(self) -> tuple[LandmarkClass, ...]:
        """The landmarks in the order of the network's outputs."""
        return load_landmarks(self.recipe.landmarks)

    @property
    def outputs(self) -> int:
        """One for each landmark and a last one for "none of these"."""
        return len(self.classes) + 1

    def entries(self, split: Split) -> list[Entry]:
        """The photos of one split, in the manifest's order."""
        return [entry for entry in self._manifest if entry.split == split]

    @cached_property
    def _manifest(self) -> list[Entry]:
        return load_manifest(self.needed(self.manifest, "fit"))

    @property
    def what_trains(self) -> str:
        """All that decides the weights; a checkpoint continues only under the same."""
        return f"{self.recipe.what_trains} on {content_sha256(self.entries('train'))}"

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
            raise DataError(f"{file} is not there. Run first: python -m training {step}")
        return file

    def log(self, **values: object) -> None:
        """Append one line to the run's log and show it."""
        line = json.dumps(values)
        print(line, flush=True)
        with self.log_file.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def begin_experiment(recipe: Recipe, data: Path, runs: Path = RUNS) -> Experiment:
    """A recipe's run on prepared photos, new or begun.

    Args:
        data: what `prepare` made.

    Raises:
        DataError: nothing was prepared there.
    """
    run = Experiment(recipe, runs / recipe.name)
    entries = load_manifest(run.needed(data / "manifest.csv", "prepare"))
    run.folder.mkdir(parents=True, exist_ok=True)
    write_manifest(run.manifest, entries)
    save_recipe(recipe, _recipe_file(run.folder))
    return run


def open_experiment(named: Path, runs: Path = RUNS) -> Experiment:
    """A run that was begun.

    Args:
        named: its folder, or its name below `runs`.

    Raises:
        DataError: there is none; names those that are.
    """
    for folder in (named, runs / named):
        if (file := _recipe_file(folder)).is_file():
            return Experiment(saved_recipe(file), folder)
    others = ", ".join(sorted(path.parent.name for path in runs.glob("*/recipe.json"))) or "none yet"
    raise DataError(f"{named} is no run. Begin one with: python -m training fit RECIPE. There are: {others}.")


def _recipe_file(folder: Path) -> Path:
    return folder / "recipe.json"

"""An experiment: one recipe on one manifest of photos. The command line calls it a run.

All its inputs and outputs are in its folder, `runs/NAME/`, which git ignores and which can be deleted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from tagger.core.text import first_of
from tagger.model.card import LandmarkClass
from training import RUNS
from training.data.landmarks import load_landmarks
from training.data.manifest import DataError, Entry, Split, content_sha256, load_manifest, write_manifest
from training.fit.recipe import Recipe
from training.fit.recipe_file import load_saved_recipe, save_recipe

MIN_STEPS = 4  # of an epoch, if the batch has to shrink


@dataclass(frozen=True)
class Experiment:
    """A recipe and its output folder."""

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
    def breakdowns(self) -> Path:
        return self.folder / "details.json"

    @property
    def log_file(self) -> Path:
        return self.folder / "log.jsonl"

    @cached_property
    def classes(self) -> tuple[LandmarkClass, ...]:
        """The landmarks, in the order of the network's outputs."""
        return load_landmarks(self.recipe.landmarks)

    @property
    def outputs(self) -> int:
        """One for each landmark, and a last one for photos without a known landmark."""
        return len(self.classes) + 1

    def entries(self, split: Split) -> list[Entry]:
        """The photos of one split, in the manifest's order."""
        return [entry for entry in self._manifest if entry.split == split]

    @cached_property
    def _manifest(self) -> list[Entry]:
        return load_manifest(self.require(self.manifest, "fit"))

    @property
    def fingerprint(self) -> str:
        """Identifies all that determines the weights; a checkpoint resumes only with the same."""
        return f"{self.recipe.fingerprint} on {content_sha256(self.entries('train'))}"

    def label(self, entry: Entry) -> int:
        """The index of the output that should win.

        Raises:
            DataError: the recipe's landmarks file does not describe the photo's landmark.
        """
        if entry.landmark is None:
            return len(self.classes)
        for index, landmark in enumerate(self.classes):
            if landmark.id == entry.landmark:
                return index
        raise DataError(f"{self.recipe.landmarks} does not describe {entry.landmark!r}. Add its name.")

    def require(self, file: Path, step: str) -> Path:
        """Return a file that an earlier step makes.

        Raises:
            DataError: it does not exist; names the step.
        """
        if not file.exists():
            raise DataError(f"{file} does not exist. Run first: python -m training {step}")
        return file

    def log(self, **values: object) -> None:
        """Print a line and append it to the log."""
        line = json.dumps(values)
        print(line, flush=True)
        with self.log_file.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def begin_experiment(recipe: Recipe, data: Path, runs: Path = RUNS) -> Experiment:
    """Create an experiment with a recipe on prepared photos; its folder may exist.

    Too few photos for a batch make the batch smaller.

    Args:
        data: the folder that `prepare` wrote.

    Raises:
        DataError: nothing was prepared, or photos and landmarks do not match.
        ConfigError: the landmarks cannot be read.
    """
    manifest = data / "manifest.csv"
    if not manifest.exists():
        raise DataError(
            f"{manifest} does not exist. Run first: python -m training prepare. "
            "If it wrote to another folder, name it: --data FOLDER."
        )
    entries = load_manifest(manifest)
    training = [entry for entry in entries if entry.split == "train"]
    batch = fitting_batch(recipe.train.batch, len(training))
    experiment = Experiment(replace(recipe, train=replace(recipe.train, batch=batch)), runs / recipe.name)
    _check_landmarks(experiment, entries, data / "landmarks.toml")
    experiment.folder.mkdir(parents=True, exist_ok=True)
    write_manifest(experiment.manifest, entries)
    save_recipe(experiment.recipe, _recipe_file(experiment.folder))
    return experiment


def fitting_batch(batch: int, photos: int) -> int:
    """The batch, if there are enough photos; else a power of two that gives an epoch `MIN_STEPS` steps.

    Raises:
        DataError: there are fewer than two photos, which batch norms need.
    """
    if photos < 2:
        raise DataError(f"There are {photos} training photos. Add some, and run again: python -m training prepare")
    return batch if photos >= batch else 1 << max(2, photos // MIN_STEPS).bit_length() - 1


def _check_landmarks(experiment: Experiment, entries: Sequence[Entry], draft: Path) -> None:
    """Check that the recipe describes the photos' landmarks, and that each has training photos."""
    file = experiment.recipe.landmarks
    described = [landmark.id for landmark in experiment.classes]
    unknown = sorted({entry.landmark for entry in entries if entry.landmark} - set(described))
    trained = {entry.landmark for entry in entries if entry.split == "train"}
    unseen = [id_ for id_ in described if id_ not in trained]
    hint = f" prepare described these photos' landmarks: landmarks={draft}" if draft.exists() else ""
    if unknown:
        names = "its name" if len(unknown) == 1 else "their names"
        raise DataError(f"{file} does not describe {first_of(unknown)}.{hint or f' Add {names} there.'}")
    if unseen:
        raise DataError(f"No training photo shows {first_of(unseen)}.{hint or f' Add some, or edit {file}.'}")


def open_experiment(name: Path, runs: Path = RUNS) -> Experiment:
    """Open an existing experiment.

    Args:
        name: its folder, or its name in `runs`.

    Raises:
        DataError: there is none of that name; lists the others.
    """
    for folder in (name, runs / name):
        if (file := _recipe_file(folder)).is_file():
            return Experiment(load_saved_recipe(file), folder)
    others = ", ".join(sorted(path.parent.name for path in runs.glob("*/recipe.json"))) or "none yet"
    raise DataError(f"{name} is not a run. Start one with: python -m training fit RECIPE. Existing runs: {others}.")


def _recipe_file(folder: Path) -> Path:
    return folder / "recipe.json"

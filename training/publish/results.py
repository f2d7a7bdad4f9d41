"""What is known of a run, read from its files: for the report and the model card.

The one rule: nothing is measured or computed here. A file that no step has made yet is None, and its reader names
the step.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tagger.model.bundle import CARD_FILE, open_bundle
from tagger.model.card import Card
from training.fit.experiment import Experiment

Json = dict[str, Any]

# The step that makes each file. A run's name follows it on the command line.
STEPS = {
    "metrics.json": "evaluate",
    "details.json": "evaluate",
    "none.json": "none",
    "sources.json": "sources",
    "int8.json": "int8",
    "data.json": "prepare",
    "log.jsonl": "fit",
    "bundle": "calibrate",
}


@dataclass(frozen=True)
class Results:
    """A run and what was found of it."""

    run: Experiment

    @cached_property
    def metrics(self) -> Json:
        """The figures of each split.

        Raises:
            DataError: nothing was evaluated yet.
        """
        found: Json = json.loads(self.run.needed(self.run.metrics, self.command("metrics.json")).read_text("utf-8"))
        return found

    @cached_property
    def details(self) -> Json:
        """What is too long for `metrics`, of each split; empty where it was not measured."""
        return self.read("details.json") or {}

    @cached_property
    def log(self) -> list[Json]:
        file = self.run.log_file
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []

    @cached_property
    def epochs(self) -> list[Json]:
        """The log's lines of the last training, in order; an interrupted and resumed one counts as one."""
        lines: dict[int, Json] = {}
        for line in self.log:
            if line.get("stage") == "train":
                lines = {n: old for n, old in lines.items() if n < line["epoch"]} | {line["epoch"]: line}
        return list(lines.values())

    @cached_property
    def data(self) -> Json | None:
        """What `prepare` found of the photos."""
        beside = self.run.folder.parent / "data" / "data.json"
        return self.read("data.json") or (json.loads(beside.read_text("utf-8")) if beside.exists() else None)

    @cached_property
    def card(self) -> Card | None:
        return open_bundle(self.run.bundle, verify=False).card if (self.run.bundle / CARD_FILE).exists() else None

    @property
    def name(self) -> str:
        return self.run.recipe.name

    def read(self, name: str) -> Json | None:
        """One of the run's JSON files, None where it was not made yet."""
        file: Path = self.run.folder / name
        if not file.exists():
            return None
        found: Json = json.loads(file.read_text("utf-8"))
        return found

    def stage(self, name: str) -> Json:
        """The log's last line of a stage; empty where it was not run."""
        return next((line for line in reversed(self.log) if line.get("stage") == name), {})

    def command(self, name: str) -> str:
        """The step that makes a file, such as ``evaluate transfer``."""
        return f"{STEPS[name]} {self.name}"

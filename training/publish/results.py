"""The figures of an experiment, read from its files: for the report and the model card.

Nothing is computed here. A file that no step has written yet reads as None.
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

# The step that writes each file; a run's name follows it on the command line.
STEPS = {
    "metrics.json": "evaluate",
    "details.json": "evaluate",
    "none.json": "none",
    "sources.json": "sources",
    "int8.json": "int8",
    "first_look.json": "first-look",
    "data.json": "prepare",
    "log.jsonl": "fit",
    "bundle": "calibrate",
}


@dataclass(frozen=True)
class Results:
    """An experiment and its figures."""

    experiment: Experiment

    @cached_property
    def metrics(self) -> Json:
        """The figures of each split.

        Raises:
            DataError: nothing was evaluated yet.
        """
        file = self.experiment.require(self.experiment.metrics, self.command("metrics.json"))
        metrics: Json = json.loads(file.read_text("utf-8"))
        return metrics

    @cached_property
    def breakdowns(self) -> Json:
        """The breakdowns, by split; empty if not measured."""
        return self.read("details.json") or {}

    @cached_property
    def log(self) -> list[Json]:
        file = self.experiment.log_file
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []

    @cached_property
    def epochs(self) -> list[Json]:
        """The log's lines of the last training, in order; an interrupted and resumed training counts as one."""
        lines: dict[int, Json] = {}
        for line in self.log:
            if line.get("stage") == "train":
                lines = {n: earlier for n, earlier in lines.items() if n < line["epoch"]} | {line["epoch"]: line}
        return list(lines.values())

    @cached_property
    def data(self) -> Json | None:
        """The figures of the photos that `prepare` wrote."""
        shared = self.experiment.folder.parent / "data" / "data.json"
        return self.read("data.json") or (json.loads(shared.read_text("utf-8")) if shared.exists() else None)

    @cached_property
    def card(self) -> Card | None:
        bundle = self.experiment.bundle
        return open_bundle(bundle, verify=False).card if (bundle / CARD_FILE).exists() else None

    @property
    def name(self) -> str:
        return self.experiment.recipe.name

    def read(self, name: str) -> Json | None:
        """One of the JSON files, None if it was not written yet."""
        file: Path = self.experiment.folder / name
        if not file.exists():
            return None
        content: Json = json.loads(file.read_text("utf-8"))
        return content

    def stage(self, name: str) -> Json:
        """The log's last line of a stage; empty if there is none."""
        return next((line for line in reversed(self.log) if line.get("stage") == name), {})

    def command(self, name: str) -> str:
        """The step that writes a file, such as ``evaluate transfer``."""
        return f"{STEPS[name]} {self.name}"

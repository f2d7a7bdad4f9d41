"""The generated parts of docs/MODEL.md and README.md: tables and plots within hand-written prose.

The one rule: only the text between a part's two markers is replaced; each part names its photos, machine and command.
"""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from matplotlib.figure import Figure

from tagger.core.run_options import CORES
from tagger.model.engines.openvino import core
from training.data.manifest import DataError, content_sha256, load_manifest
from training.fit.experiment import Experiment, open_experiment
from training.publish import category_tables, costs, plots, tables
from training.publish.compare import PLOT, TABLE
from training.publish.compare_plot import trade_off
from training.publish.markdown import markdown
from training.publish.reproduction import reproduction
from training.publish.results import Json, Results
from training.publish.tables import TEST, Table

DOCUMENT = "MODEL.md"
README = "README.md"  # beside the folder of the document
SCRATCH, FIRST_LOOK, REPRODUCED = "scratch", "first_look", "reproduced"  # names of their runs
REPRODUCED_LOOK = f"{REPRODUCED}_{FIRST_LOOK}"
WEAKEST = 6
TRADE_OFF = "Higher is more accurate, further right is faster; no run beats those on the dashed line."
PART = re.compile(r"(<!-- generated: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.S)


@dataclass(frozen=True)
class Inputs:
    """The data of the parts.

    Args:
        plots: the folder for plots, beside the document.
    """

    results: Results
    plots: Path

    @property
    def runs_folder(self) -> Path:
        return self.results.experiment.folder.parent

    @cached_property
    def scratch(self) -> Results | None:
        return self.beside(SCRATCH)

    def beside(self, name: str) -> Results | None:
        """Another run; None if it was never started."""
        folder = self.runs_folder / name
        return Results(open_experiment(folder)) if (folder / "recipe.json").exists() else None

    @cached_property
    def both(self) -> list[Results]:
        """The run `scratch`, if it exists, and this one."""
        return [results for results in (self.scratch, self.results) if results is not None]

    @cached_property
    def all_runs(self) -> list[Results]:
        """All runs in this one's folder, itself included, by name."""
        files = sorted(self.runs_folder.glob("*/recipe.json"))
        return [Results(open_experiment(file.parent)) for file in files]

    @cached_property
    def compared(self) -> Json | None:
        file = self.runs_folder / TABLE
        content: Json | None = json.loads(file.read_text("utf-8")) if file.exists() else None
        return content


def update_model_card(experiment: Experiment, docs: Path) -> None:
    """Update the parts of the document and of the README beside `docs`, and the plots in `docs/plots`.

    Raises:
        DataError: the document does not exist, one of the two has an unknown part or one without an end, or the
            experiment was not evaluated.
    """
    document, readme = docs / DOCUMENT, docs.resolve().parent / README
    if not document.exists():
        raise DataError(f"{document} does not exist. Name its folder with --docs.")
    texts = {file: file.read_text("utf-8") for file in (document, readme) if file.exists()}
    for file, text in texts.items():
        _check_parts(file, text)
    inputs = Inputs(Results(experiment), docs / "plots")
    inputs.plots.mkdir(exist_ok=True)
    renewed = {file: PART.sub(lambda part: _renewed(part, inputs), text) for file, text in texts.items()}
    for file, text in renewed.items():
        if text != texts[file]:
            file.write_text(text, "utf-8")


def _check_parts(file: Path, text: str) -> None:
    names = re.findall(r"<!-- generated: ([\w-]+) -->", text)
    if unknown := set(names) - PARTS.keys():
        raise DataError(f"{file} has a part {min(unknown)!r}. There are {', '.join(PARTS)}.")
    if len(names) != len(PART.findall(text)):
        raise DataError(f"A part of {file} has no end. Close each one with <!-- end -->.")


def _renewed(part: re.Match[str], inputs: Inputs) -> str:
    return f"{part[1]}\n{PARTS[part['name']](inputs)}\n\n{part[3]}"


def _scratch(inputs: Inputs) -> str:
    if inputs.scratch is None:
        return _missing("fit training/recipes/scratch.toml")
    return _table(replace(inputs, results=inputs.scratch), tables.headline(inputs.scratch))


def _classes(inputs: Inputs) -> str:
    """The weakest landmarks, and how many have no error."""
    table = tables.classes(inputs.results)
    flawless = sum(row[2] == tables.percent(1.0) for row in table.rows)
    note = f"The {WEAKEST} weakest of {len(table.rows)}; in {flawless} every first suggestion is right. {table.note}"
    return _table(inputs, replace(table, rows=table.rows[:WEAKEST], note=note))


def _calibration(inputs: Inputs) -> str:
    metrics, breakdowns = inputs.results.metrics.get(TEST, {}), inputs.results.breakdowns.get(TEST, {})
    command = inputs.results.command("details.json")
    if not breakdowns:
        return _missing(command)
    bins, errors = breakdowns["reliability"], (metrics["ece_before"], metrics["ece"])
    reliability = plots.reliability(bins["before"], bins["after"], errors)
    coverage = plots.risk_coverage(breakdowns["risk_coverage"], plots.shipped_point(metrics))
    return "\n\n".join(
        [
            _plot(inputs, "reliability", reliability, plots.RELIABILITY),
            _plot(inputs, "risk-coverage", coverage, plots.COVERAGE),
            _origin(inputs, command, "test split"),
        ]
    )


def _curves(inputs: Inputs) -> str:
    trained = {results.name: results.epochs for results in inputs.both if results.epochs}
    if not trained:
        return _missing(inputs.results.command("log.jsonl"))
    plot = _plot(inputs, "learning", plots.learning(trained), plots.CURVES)
    return f"{plot}\n\n{_origin(inputs, 'fit training/recipes/RECIPE.toml', 'train and validation split')}"


def _warnings(inputs: Inputs) -> str:
    """What the calibration could not promise."""
    card = inputs.results.card
    if card is None:
        return _missing(inputs.results.command("bundle"))
    return "\n".join(f"- {sentence}" for sentence in card.warnings) or "The calibration gave no warnings."


def _first_look(inputs: Inputs) -> str:
    student = inputs.beside(FIRST_LOOK)
    return _table(inputs, category_tables.first_look(student)) if student else _missing(f"first-look {FIRST_LOOK}")


def _reproduced(inputs: Inputs) -> str:
    """This run beside the one that `make reproduce` made in a clean clone, copied beside it under another name."""
    if (again := inputs.beside(REPRODUCED)) is None:
        return _missing("reproduce RECIPE")
    looks = inputs.beside(FIRST_LOOK), inputs.beside(REPRODUCED_LOOK)
    return _table(inputs, reproduction(inputs.results, again, looks))


def _sources(inputs: Inputs) -> str:
    own = _table(inputs, tables.leave_source_out(inputs.results))
    several = tables.unseen_sources(inputs.all_runs)
    return f"{own}\n\n{_table(inputs, several)}" if len(several.rows) > 1 else own


def _compared(inputs: Inputs) -> str:
    table = costs.comparison(inputs.compared)
    if inputs.compared is None:
        return _missing(table.command)
    plot = _plot(inputs, Path(PLOT).stem, trade_off(inputs.compared), TRADE_OFF)
    return f"{plot}\n\n{_table(inputs, table)}"


PARTS: Mapping[str, Callable[[Inputs], str]] = {
    "categories": lambda inputs: _table(inputs, category_tables.categories(inputs.results)),
    "categories-val": lambda inputs: _table(inputs, category_tables.categories(inputs.results, "val")),
    "stricter": lambda inputs: _table(inputs, category_tables.stricter(inputs.results)),
    "sights": lambda inputs: _table(inputs, category_tables.sight_sources(inputs.results)),
    "data": lambda inputs: _table(inputs, tables.data(inputs.results)),
    "headline": lambda inputs: _table(inputs, tables.headline(inputs.results)),
    "scratch": _scratch,
    "classes": _classes,
    "confusions": lambda inputs: _table(inputs, tables.confusions(inputs.results)),
    "calibration": _calibration,
    "warnings": _warnings,
    "first-look": _first_look,
    "negatives": lambda inputs: _table(inputs, tables.negatives(inputs.results)),
    "none": lambda inputs: _table(inputs, tables.ood_scores(inputs.results)),
    "robustness": lambda inputs: _table(inputs, tables.robustness(inputs.results)),
    "sources": _sources,
    "curves": _curves,
    "compare": _compared,
    "int8": lambda inputs: _table(inputs, costs.quantization(inputs.results)),
    "reproduced": _reproduced,
    "cost": lambda inputs: _table(inputs, costs.training_cost(inputs.both)),
}


def _table(inputs: Inputs, table: Table) -> str:
    if not table.rows:
        return _missing(table.command)
    return f"{markdown(table)}\n\n{table.note}\n\n{_origin(inputs, table.command, table.photos)}"


def _origin(inputs: Inputs, command: str, photos: str) -> str:
    """Photos, machine and command."""
    content = content_sha256(load_manifest(inputs.results.experiment.manifest))[:8]
    return f"*Photos: {photos} of the data {content}. Machine: {_machine()}. `python -m training {command}`*"


def _machine() -> str:
    """This machine; tables are generated where they were measured."""
    processor = str(core().get_property("CPU", "FULL_DEVICE_NAME")).strip()
    return f"{processor}, {CORES} of {os.cpu_count()} cores, Python {platform.python_version()}"


def _plot(inputs: Inputs, name: str, figure: Figure, caption: str) -> str:
    file = inputs.plots / f"{name}.svg"
    file.write_text(plots.svg(figure), encoding="utf-8")
    return f"![{caption}]({file.parent.name}/{file.name})\n\n{caption}"


def _missing(command: str) -> str:
    return f"Not measured yet: `python -m training {command}`"

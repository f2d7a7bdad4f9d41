"""The generated parts of docs/MODEL.md: tables and plots between prose that people write.

The one rule: what stands between a part's two markers is replaced, all else stays as it is; each part says of which
photos it is, on which machine it was made, and by which command.
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

from tagger.core.run_options import cores
from tagger.model.engines.openvino import openvino
from training.data.manifest import DataError, content_sha256, load_manifest
from training.fit.experiment import Experiment, open_experiment
from training.publish import costs, plots, tables
from training.publish.compare import PLOT, TABLE
from training.publish.compare_plot import trade_off
from training.publish.markdown import markdown
from training.publish.report import SPLIT
from training.publish.results import Json, Results
from training.publish.tables import Table

DOCUMENT = "MODEL.md"
SCRATCH = "scratch"
EXTREMES = 6
TRADE_OFF = "Up is more often right, to the right is faster; nothing beats what lies on the dashed line."
PART = re.compile(r"(<!-- generated: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.S)


@dataclass(frozen=True)
class Sources:
    """What the parts are made of.

    Args:
        plots: the folder for them, beside the document.
    """

    found: Results
    plots: Path

    @cached_property
    def scratch(self) -> Results | None:
        """The run named scratch beside this one."""
        folder = self.found.run.folder.parent / SCRATCH
        return Results(open_experiment(folder)) if (folder / "recipe.json").exists() else None

    @cached_property
    def runs(self) -> list[Results]:
        return [one for one in (self.scratch, self.found) if one is not None]

    @cached_property
    def beside(self) -> list[Results]:
        """All runs that lie in one folder with this one, itself included, by name."""
        return [
            Results(open_experiment(file.parent)) for file in sorted(self.found.run.folder.parent.glob("*/recipe.json"))
        ]

    @cached_property
    def compared(self) -> Json | None:
        file = self.found.run.folder.parent / TABLE
        found: Json | None = json.loads(file.read_text("utf-8")) if file.exists() else None
        return found


def update(run: Experiment, docs: Path) -> None:
    """Renew the parts of the document, and its plots in `docs/plots`.

    Raises:
        DataError: the document is not there, has an unknown part or one without an end, or the run was not evaluated.
    """
    document = docs / DOCUMENT
    if not document.exists():
        raise DataError(f"{document} is not there. Name the folder that holds it with --docs.")
    text = document.read_text("utf-8")
    names = re.findall(r"<!-- generated: ([\w-]+) -->", text)
    if unknown := set(names) - PARTS.keys():
        raise DataError(f"{document} has a part {min(unknown)!r}. There are {', '.join(PARTS)}.")
    if len(names) != len(PART.findall(text)):
        raise DataError(f"A part of {document} has no end. Close each one with <!-- end -->.")
    sources = Sources(Results(run), docs / "plots")
    sources.plots.mkdir(exist_ok=True)
    renewed = PART.sub(lambda part: f"{part[1]}\n{PARTS[part['name']](sources)}\n\n{part[3]}", text)
    document.write_text(renewed, "utf-8")


def _headline(sources: Sources) -> str:
    return _part(sources, tables.headline(sources.found))


def _scratch(sources: Sources) -> str:
    if sources.scratch is None:
        return _missing("fit training/recipes/scratch.toml")
    return _part(replace(sources, found=sources.scratch), tables.headline(sources.scratch))


def _data(sources: Sources) -> str:
    return _part(sources, tables.data(sources.found))


def _classes(sources: Sources) -> str:
    """The weakest landmarks and how many have no mistake."""
    whole = tables.classes(sources.found, SPLIT)
    flawless = sum(row[2] == tables.share(1.0) for row in whole.rows)
    reading = (
        f"The {EXTREMES} weakest of {len(whole.rows)}; in {flawless} every first suggestion is right. {whole.reading}"
    )
    return _part(sources, replace(whole, rows=whole.rows[:EXTREMES], reading=reading))


def _calibration(sources: Sources) -> str:
    metrics, details = sources.found.metrics.get(SPLIT, {}), sources.found.details.get(SPLIT, {})
    if not details:
        return _missing(sources.found.command("details.json"))
    bins, errors = details["reliability"], (metrics["ece_before"], metrics["ece"])
    reliability = plots.reliability(bins["before"], bins["after"], errors)
    coverage = plots.risk_coverage(details["risk_coverage"], plots.shipped_point(metrics))
    return "\n\n".join(
        [
            _plot(sources, "reliability", reliability, plots.RELIABILITY),
            _plot(sources, "risk-coverage", coverage, plots.COVERAGE),
            _measured(sources, sources.found.command("details.json"), "test split"),
        ]
    )


def _curves(sources: Sources) -> str:
    trained = {found.name: found.epochs for found in sources.runs if found.epochs}
    if not trained:
        return _missing(sources.found.command("log.jsonl"))
    shown = _plot(sources, "learning", plots.learning(trained), plots.CURVES)
    return f"{shown}\n\n{_measured(sources, 'fit training/recipes/RECIPE.toml', 'train and validation split')}"


def _elsewhere(sources: Sources) -> str:
    folds, runs = tables.sources(sources.found), tables.elsewhere(sources.beside)
    return "\n\n".join(_part(sources, table) for table in (folds, runs) if table is folds or len(runs.rows) > 1)


def _compared(sources: Sources) -> str:
    made = costs.side_by_side(sources.compared)
    if sources.compared is None:
        return _missing(made.command)
    plot = _plot(sources, Path(PLOT).stem, trade_off(sources.compared), TRADE_OFF)
    return f"{plot}\n\n{_part(sources, made)}"


PARTS: Mapping[str, Callable[[Sources], str]] = {
    "data": _data,
    "headline": _headline,
    "scratch": _scratch,
    "classes": _classes,
    "confusions": lambda sources: _part(sources, tables.confusions(sources.found)),
    "calibration": _calibration,
    "negatives": lambda sources: _part(sources, tables.negatives(sources.found)),
    "none": lambda sources: _part(sources, tables.ways(sources.found)),
    "robustness": lambda sources: _part(sources, tables.robustness(sources.found)),
    "sources": _elsewhere,
    "curves": _curves,
    "compare": _compared,
    "int8": lambda sources: _part(sources, costs.eight_bits(sources.found)),
    "cost": lambda sources: _part(sources, costs.effort(sources.runs)),
}


def _part(sources: Sources, table: Table) -> str:
    if not table.rows:
        return _missing(table.command)
    return f"{markdown(table)}\n\n{table.reading}\n\n{_measured(sources, table.command, table.photos)}"


def _measured(sources: Sources, command: str, photos: str) -> str:
    """Data, machine class and command."""
    content = content_sha256(load_manifest(sources.found.run.manifest))[:8]
    return f"*Photos: {photos} of the data {content}. Machine: {_machine()}. `python -m training {command}`*"


def _machine() -> str:
    """As the tables are renewed where they were measured."""
    processor = str(openvino.Core().get_property("CPU", "FULL_DEVICE_NAME")).strip()
    return f"{processor}, {cores()} of {os.cpu_count()} cores, Python {platform.python_version()}"


def _plot(sources: Sources, name: str, figure: Figure, caption: str) -> str:
    file = sources.plots / f"{name}.svg"
    file.write_text(plots.svg(figure), encoding="utf-8")
    return f"![{caption}]({file.parent.name}/{file.name})\n\n{caption}"


def _missing(command: str) -> str:
    return f"Not measured yet: `python -m training {command}`"

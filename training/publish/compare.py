"""Compare runs: accuracy, size, and speed on this machine.

Accuracy comes from each run's own figures; speed is measured here, with all runs taking turns.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tagger.core.errors import BundleNotFound
from tagger.model.bundle import CARD_FILE, Bundle, open_bundle, shipped_folder
from tagger.model.card import ONNX_FILE
from tagger.model.engines import Engine
from tagger.model.engines.openvino import OpenVinoEngine
from tagger.model.nets import build
from training.evaluate.speed import photos_per_second
from training.fit.experiment import Experiment
from training.publish.compare_plot import trade_off
from training.publish.costs import comparison
from training.publish.export import BFLOAT16_AGREEMENT
from training.publish.markdown import markdown
from training.publish.plots import svg
from training.publish.results import Json, Results
from training.publish.tables import TEST

TABLE, PLOT = "compare.json", "compare.svg"


def compare(experiments: Sequence[Experiment], to: Path) -> None:
    """Measure the speed of all runs, print a Markdown table and write `compare.json` and `compare.svg`.

    Raises:
        DataError: a run was not calibrated or evaluated.
    """
    results = {experiment.recipe.name: Results(experiment) for experiment in experiments}
    bundles = {name: default_bundle(own) for name, own in results.items()}
    engines: dict[str, tuple[Engine, int]] = {
        name: (OpenVinoEngine(bundle), bundle.card.input.size_px) for name, bundle in bundles.items()
    }
    rates = photos_per_second(engines)
    rows = [_row(results[name], bundles[name], rates[name], engines[name][0]) for name in results]
    rows.sort(key=lambda row: -row["photos_a_second"])
    machine = next(iter(engines.values()))[0].info.device
    content: Json = {"machine": machine, "runs": rows}
    to.mkdir(parents=True, exist_ok=True)
    (to / TABLE).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    (to / PLOT).write_text(svg(trade_off(content)), encoding="utf-8")
    print(markdown(comparison(content)))


def default_bundle(results: Results) -> Bundle:
    """The run's bundle, in bfloat16 if `export` would allow it.

    Raises:
        DataError: the run was not calibrated and evaluated.
    """
    card_file = results.experiment.bundle / CARD_FILE
    bundle = open_bundle(results.experiment.require(card_file, results.command("bundle")).parent)
    agreement = results.metrics[TEST].get("bfloat16_top1_agreement", 0.0)
    return replace(bundle, card=replace(bundle.card, bfloat16=agreement >= BFLOAT16_AGREEMENT))


def _row(results: Results, bundle: Bundle, rate: float, engine: Engine) -> Json:
    """A run in `compare.json`; figures that it did not measure are None."""
    card, figures = bundle.card, results.metrics[TEST]
    intervals = results.breakdowns.get(TEST, {}).get("intervals", {})
    low1, high1 = intervals.get("top1", (None, None))
    low5, high5 = intervals.get("top5", (None, None))
    files = [bundle.folder / CARD_FILE, *(bundle.file(name) for name in card.files)]
    return {
        "name": results.name,
        "network": card.network,
        "size_px": card.input.size_px,
        "parameters": sum(p.numel() for p in build(card.network, card.outputs).parameters()),
        "megabytes": round(sum(file.stat().st_size for file in files) / 1e6, 1),
        "top1": figures["top1"],
        "top1_low": low1,
        "top1_high": high1,
        "top5": figures["top5"],
        "top5_low": low5,
        "top5_high": high5,
        "ece": figures.get("ece"),
        "gap": figures.get("gap"),
        "tagged": figures["tagged"],
        "negatives_tagged": figures["negatives_tagged"],
        "photos_a_second": rate,
        "precision": engine.info.precision,
        "shipped": _is_shipped(bundle),
    }


def _is_shipped(bundle: Bundle) -> bool:
    try:
        shipped = open_bundle(shipped_folder(), verify=False).card
    except BundleNotFound:
        return False
    return bundle.card.files[ONNX_FILE] == shipped.files.get(ONNX_FILE)

"""Runs side by side: what each is worth, what it weighs, and how fast it is on this machine.

The one rule: accuracy comes from each run's own figures, speed is measured here, all runs in turns.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tagger.core.errors import BundleNotFound
from tagger.model.bundle import CARD_FILE, Bundle, open_bundle, shipped_folder
from tagger.model.card import ONNX_FILE
from tagger.model.engines import Engine
from tagger.model.engines.openvino import OpenVinoEngine
from tagger.model.nets import build
from training.evaluate.speed import photos_a_second
from training.fit.experiment import Experiment
from training.publish.compare_plot import trade_off
from training.publish.costs import side_by_side
from training.publish.export import BFLOAT16_AGREEMENT
from training.publish.markdown import markdown
from training.publish.plots import svg
from training.publish.results import Json, Results

SPLIT = "test"
TABLE, PLOT = "compare.json", "compare.svg"


@dataclass(frozen=True, slots=True)
class Compared:
    """One run. Figures that it did not measure are None.

    Args:
        megabytes: of all of the bundle's files, 10⁶ bytes.
        precision: what the default engine computes in.
        shipped: whether this is the bundle that comes with the package.
    """

    name: str
    network: str
    size_px: int
    parameters: int
    megabytes: float
    top1: float
    top1_low: float | None
    top1_high: float | None
    top5: float
    top5_low: float | None
    top5_high: float | None
    ece: float | None
    gap: float | None
    tagged: float
    negatives_tagged: float
    photos_a_second: float
    precision: str
    shipped: bool


def compare(runs: Sequence[Experiment], to: Path) -> list[Compared]:
    """Measure the speed of all runs, print a Markdown table and write `compare.json` and `compare.svg`.

    Raises:
        DataError: a run was not calibrated or evaluated.
    """
    found = {run.recipe.name: Results(run) for run in runs}
    bundles = {name: default_bundle(one) for name, one in found.items()}
    engines: dict[str, tuple[Engine, int]] = {
        name: (OpenVinoEngine(bundle), bundle.card.input.size_px) for name, bundle in bundles.items()
    }
    rates = photos_a_second(engines)
    rows = [_compared(found[name], bundles[name], rates[name], engines[name][0]) for name in found]
    rows.sort(key=lambda row: -row.photos_a_second)
    machine = next(iter(engines.values()))[0].info.device
    content: Json = {"machine": machine, "runs": [asdict(row) for row in rows]}
    to.mkdir(parents=True, exist_ok=True)
    (to / TABLE).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    (to / PLOT).write_text(svg(trade_off(content)), encoding="utf-8")
    print(markdown(side_by_side(content)))
    return rows


def default_bundle(found: Results) -> Bundle:
    """The run's bundle, in bfloat16 where `export` would allow it.

    Raises:
        DataError: the run was not calibrated and evaluated.
    """
    run = found.run
    bundle = open_bundle(run.needed(run.bundle / CARD_FILE, found.command("bundle")).parent)
    agreement = found.metrics[SPLIT].get("bfloat16_top1_agreement", 0.0)
    return replace(bundle, card=replace(bundle.card, bfloat16=agreement >= BFLOAT16_AGREEMENT))


def _compared(found: Results, bundle: Bundle, rate: float, engine: Engine) -> Compared:
    card, figures = bundle.card, found.metrics[SPLIT]
    intervals = found.details.get(SPLIT, {}).get("intervals", {})
    low1, high1 = intervals.get("top1", (None, None))
    low5, high5 = intervals.get("top5", (None, None))
    files = [bundle.folder / CARD_FILE, *(bundle.file(name) for name in card.files)]
    return Compared(
        name=found.name,
        network=card.network,
        size_px=card.input.size_px,
        parameters=sum(p.numel() for p in build(card.network, card.outputs).parameters()),
        megabytes=round(sum(file.stat().st_size for file in files) / 1e6, 1),
        top1=figures["top1"],
        top1_low=low1,
        top1_high=high1,
        top5=figures["top5"],
        top5_low=low5,
        top5_high=high5,
        ece=figures.get("ece"),
        gap=figures.get("gap"),
        tagged=figures["tagged"],
        negatives_tagged=figures["negatives_tagged"],
        photos_a_second=rate,
        precision=engine.info.precision,
        shipped=_is_shipped(bundle),
    )


def _is_shipped(bundle: Bundle) -> bool:
    try:
        shipped = open_bundle(shipped_folder(), verify=False).card
    except BundleNotFound:
        return False
    return bundle.card.files[ONNX_FILE] == shipped.files.get(ONNX_FILE)

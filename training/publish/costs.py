"""Tables of what a model costs: training, speed, eight bits.

Every speed is shown with the machine that it was measured on.
"""

from __future__ import annotations

from collections.abc import Iterable

from training.publish.results import Json, Results
from training.publish.tables import Table, decimal, interval, percent


def training_cost(runs: Iterable[Results]) -> Table:
    """How long the training of each run took."""
    rows = []
    for results in runs:
        fitted, epochs = results.stage("fitted"), results.epochs
        if not (fitted or epochs):
            continue
        speed = f"{sum(line['photos_a_second'] for line in epochs) / len(epochs):.0f}" if epochs else "–"
        device = str((fitted or epochs[-1]).get("device", "–"))
        network = results.experiment.recipe.network
        rows.append((results.name, network, str(len(epochs)), speed, _minutes(results), device))
    header = ("run", "network", "#epochs", "#photos/s", "#minutes", "device")
    note = (
        "Minutes of the whole fit, from the first photo to the weights, or of all epochs if it was interrupted and "
        "resumed; photos/s is the mean over its epochs."
    )
    return Table("What training cost", header, rows, note, "fit training/recipes/RECIPE.toml", "train split")


def _minutes(results: Results) -> str:
    fitted = results.stage("fitted")
    if not fitted:
        return "–"
    if not fitted.get("resumed"):
        return f"{fitted['minutes']:.0f}"
    photos = len(results.experiment.entries("train"))
    return f"{sum(photos / line['photos_a_second'] for line in results.epochs) / 60:.0f} (epochs)"


def quantization(results: Results) -> Table:
    """What eight-bit weights gain and lose."""
    found = results.read("int8.json") or {}
    rates = found.get("photos_a_second", {})
    rows = []
    for name in ("int8", "bfloat16", "float32"):
        top1 = [found.get(split, {}).get(f"top1_{name}") for split in ("val", "test")]
        if name in rates:
            rows.append((name, *map(percent, top1), f"{rates[name]:.0f}", f"{rates[name] / rates['float32']:.2f} ×"))
    header = ("weights and activations in", "#val, first correct", "#test, first correct", "#photos/s", "#of float32")
    verdict = "worth shipping" if found.get("ship") else "not shipped"
    note = (
        f"Side by side on {found.get('machine', 'one machine')}. Eight bits have "
        f"{found.get('ratio_to_default', 0):.2f} times the speed of the default engine. They are {verdict}: the bar is "
        "1.3 times the speed, and at most 0.3 points lost on val."
    )
    return Table("Eight bits", header, rows, note, results.command("int8.json"))


def comparison(compared: Json | None) -> Table:
    """What `training.publish.compare` measured.

    Args:
        compared: the content of its `compare.json`.
    """
    found = compared or {"runs": [], "machine": ""}
    rows = [
        (("★ " if run["shipped"] else "") + run["name"], run["network"], str(run["size_px"]),
         f"{run['parameters'] / 1e6:.1f}", f"{run['megabytes']:.1f}", percent(run["top1"]),
         interval((run["top1_low"], run["top1_high"])), percent(run["top5"]),
         interval((run["top5_low"], run["top5_high"])), decimal(run["ece"]), decimal(run["gap"]),
         percent(run["tagged"]), percent(run["negatives_tagged"]), f"{run['photos_a_second']:.0f}", run["precision"])
        for run in found["runs"]
    ]  # fmt: skip
    header = ("run", "network", "#px", "#M parameters", "#MB", "#first correct", "#95 % interval", "#first five",
              "#95 % interval", "#ECE", "#GAP", "#tagged", "#negatives tagged", "#photos/s", "in")  # fmt: skip
    note = (
        f"Test photos. Photos/s of the network alone in the default engine, side by side on {found['machine']}: all "
        "runs take turns, and the median of the rounds counts. ★ is the shipped bundle."
    )
    return Table("Networks side by side", header, rows, note, "compare RUN RUN …")

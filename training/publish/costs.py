"""What a model costs, as tables: to train, to run, in eight bits.

The one rule: a speed is never shown without the machine that it was measured on.
"""

from __future__ import annotations

from collections.abc import Iterable

from training.publish.results import Json, Results
from training.publish.tables import Table, between, figure, share


def effort(runs: Iterable[Results]) -> Table:
    """What training cost."""
    rows = []
    for found in runs:
        fitted, epochs = found.stage("fitted"), found.epochs
        if not (fitted or epochs):
            continue
        speed = f"{sum(line['photos_a_second'] for line in epochs) / len(epochs):.0f}" if epochs else "–"
        device = str((fitted or epochs[-1]).get("device", "–"))
        rows.append((found.name, found.run.recipe.network, str(len(epochs)), speed, _minutes(found), device))
    header = ("run", "network", "#epochs", "#photos/s", "#minutes", "device")
    reading = (
        "Minutes of the whole fit, from the first photo to the weights, or of all epochs where it was interrupted and "
        "resumed; photos/s is the mean over its epochs."
    )
    return Table("What training cost", header, rows, reading, "fit training/recipes/RECIPE.toml", "train split")


def _minutes(found: Results) -> str:
    fitted = found.stage("fitted")
    if not fitted:
        return "–"
    if not fitted.get("resumed"):
        return f"{fitted['minutes']:.0f}"
    photos = len(found.run.entries("train"))
    return f"{sum(photos / line['photos_a_second'] for line in found.epochs) / 60:.0f} (epochs)"


def eight_bits(found: Results) -> Table:
    """What quantised weights lose and gain."""
    made = found.read("int8.json") or {}
    rates = made.get("photos_a_second", {})
    rows = []
    for name in ("int8", "bfloat16", "float32"):
        shares = [made.get(split, {}).get(f"top1_{name}") for split in ("val", "test")]
        if name in rates:
            rows.append((name, *map(share, shares), f"{rates[name]:.0f}", f"{rates[name] / rates['float32']:.2f} ×"))
    header = ("weights and sums in", "#val, first right", "#test, first right", "#photos/s", "#of float32")
    verdict = "worth shipping" if made.get("ship") else "not shipped"
    reading = (
        f"Side by side on {made.get('machine', 'one machine')}. Eight bits have {made.get('ratio_to_default', 0):.2f} "
        f"times the speed of the default engine. They are {verdict}: that takes 1.3 times, and at most 0.3 points "
        "lost on val."
    )
    return Table("Eight bits", header, rows, reading, found.command("int8.json"))


def side_by_side(compared: Json | None) -> Table:
    """What `training.publish.compare` measured.

    Args:
        compared: the content of its `compare.json`.
    """
    made = compared or {"runs": [], "machine": ""}
    rows = [
        (("★ " if one["shipped"] else "") + one["name"], one["network"], str(one["size_px"]),
         f"{one['parameters'] / 1e6:.1f}", f"{one['megabytes']:.1f}", share(one["top1"]),
         between(one["top1_low"], one["top1_high"]), share(one["top5"]), between(one["top5_low"], one["top5_high"]),
         figure(one["ece"]), figure(one["gap"]), share(one["tagged"]), share(one["negatives_tagged"]),
         f"{one['photos_a_second']:.0f}", one["precision"])
        for one in made["runs"]
    ]  # fmt: skip
    header = ("run", "network", "#px", "#M parameters", "#MB", "#first right", "#95 % interval", "#one of five",
              "#95 % interval", "#ECE", "#GAP", "#tagged", "#negatives tagged", "#photos/s", "in")  # fmt: skip
    reading = (
        f"Test photos. Photos/s of the network alone in the default engine, side by side on {made['machine']}: all "
        "runs take turns, and the median of the rounds counts. ★ is the shipped bundle."
    )
    return Table("Networks side by side", header, rows, reading, "compare RUN RUN …")

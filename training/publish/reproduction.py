"""A run beside the same recipe trained again: how far figures differ by chance."""

from __future__ import annotations

from training.publish.category_tables import LOOK_FIGURES, NEGATIVES
from training.publish.results import Json, Results
from training.publish.tables import DECIMALS, PERCENTAGES, TEST, Table, decimal, percent

FIGURES = (
    *((key, name, percent) for key, name, _ in PERCENTAGES),
    *((f"{key}_tagged", f"{name} tagged", percent) for key, name in NEGATIVES.items()),
    *((key, name, decimal) for key, name in DECIMALS),
    *((key, name, percent) for key, name in LOOK_FIGURES.items()),
)


def reproduction(results: Results, again: Results, looks: tuple[Results | None, Results | None]) -> Table:
    """The figures of both on the test split that both have, and the differences.

    Args:
        looks: the runs of their first looks.
    """
    first, second = (_figures(*runs) for runs in zip((results, again), looks, strict=True))
    rows = [
        (name, shown(first[key]), shown(second[key]), f"{100 * (second[key] - first[key]):+.1f}")
        for key, name, shown in FIGURES
        if key in first and key in second
    ]
    header = ("", "#shipped", "#made again", "#difference, points")
    note = "Each at its own thresholds. A point is a hundredth, of GAP, AUROC and ECE too."
    return Table("Made again", header, rows, note, "reproduce training/recipes/transfer.toml")


def _figures(results: Results, look: Results | None) -> Json:
    answered = (look and look.read("first_look.json")) or {TEST: {}}
    return {**results.metrics[TEST], **answered[TEST]}

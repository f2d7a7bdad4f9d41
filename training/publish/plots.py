"""Every plot of the reports and the documents, as SVG.

The one rule: the same figures give the same bytes, whatever the date and the folder.

Colours are those of Okabe and Ito, which people with any colour vision can tell apart; lines differ in their markers as
well.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

BLUE, ORANGE, GREEN, VIOLET = "#0072b2", "#d55e00", "#009e73", "#cc79a7"
COLOURS, MARKERS = (BLUE, ORANGE, GREEN, VIOLET), "osD^"
INK = "#1d1d1f"
SIZE = (7.2, 3.9)  # inches, or 518 units of the SVG: shown 700 px wide, text of 10 points has 13 px

# Captions.
CURVES = "Left: accuracy of the averaged network on validation photos. Right: the loss on augmented training photos."
RELIABILITY = (
    "Each dot stands for the photos whose scores lie in one fifteenth of the range; its size shows how many they are. "
    "On the dashed line a score of 80 % is right 80 times in 100; below it the model is overconfident."
)
COVERAGE = (
    "From left to right the threshold falls: more landmark photos are tagged, and a smaller share of all tags, "
    "including those on negatives, is correct. The diamond shows the bundle's thresholds; they may differ by landmark, "
    "so it need not lie on the line."
)

STYLE: dict[Any, Any] = {
    "svg.hashsalt": "landmark tagger",
    "svg.fonttype": "none",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "grid.color": INK,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
} | dict.fromkeys(
    ("text.color", "axes.edgecolor", "axes.labelcolor", "axes.titlecolor", "xtick.color", "ytick.color"), INK
)

Point = Mapping[str, float]
Draw = TypeVar("Draw", bound=Callable[..., Any])


def styled(draw: Draw) -> Draw:
    """Draw in the common style; matplotlib reads its settings at every stroke."""
    wrapped: Draw = matplotlib.rc_context(STYLE)(draw)
    return wrapped


@styled
def new_figure(columns: int = 1, size: tuple[float, float] = SIZE) -> tuple[Figure, list[Axes]]:
    """An empty figure with axes side by side; its size is in inches."""
    figure = Figure(figsize=size, layout="constrained")
    return figure, list(figure.subplots(1, columns, squeeze=False)[0])


@styled
def svg(figure: Figure) -> str:
    """A figure as an SVG document, on white."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines())


def inline(figure: Figure) -> str:
    """A figure as an SVG element for an HTML page, in the page's text colour and on its background."""
    figure.patch.set_visible(False)
    for axes in figure.axes:
        axes.patch.set_visible(False)
    element = re.sub(r"^.*?(?=<svg)", "", svg(figure), flags=re.S)
    return element.replace(INK, "currentColor")


@styled
def learning(runs: Mapping[str, Sequence[Point]]) -> Figure:
    """Accuracy and loss by epoch.

    Args:
        runs: the log's lines of each run: epoch, loss, val_top1.
    """
    figure, (left, right) = new_figure(2)
    for (name, lines), colour, marker in zip(runs.items(), COLOURS, MARKERS, strict=False):
        epochs = [line["epoch"] for line in lines]
        style: dict[str, Any] = {
            "color": colour,
            "marker": marker,
            "markersize": 4,
            "markevery": max(1, len(lines) // 12),
            "label": name,
        }
        left.plot(epochs, [100 * line["val_top1"] for line in lines], **style)
        right.plot(epochs, [line["loss"] for line in lines], **style)
    left.set(title="Validation photos", xlabel="epoch", ylabel="first suggestion correct")
    left.yaxis.set_major_formatter(PercentFormatter(symbol=" %"))
    right.set(title="Training photos", xlabel="epoch", ylabel="loss (cross-entropy)", ylim=(0, None))
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(runs) > 1:
        left.legend(loc="lower right")
    return figure


@styled
def reliability(before: Sequence[Point], after: Sequence[Point], ece: tuple[float, float]) -> Figure:
    """How often a suggestion is right, by its score.

    Args:
        before: bins of the uncalibrated scores, each with confidence, accuracy and count.
        after: bins of the calibrated scores.
        ece: expected calibration error before and after.
    """
    figure, both = new_figure(2, (7.2, 3.8))
    titles = (f"Before calibration: ECE {ece[0]:.3f}", f"After: ECE {ece[1]:.3f}")
    for axes, bins, title, colour in zip(both, (before, after), titles, (ORANGE, BLUE), strict=True):
        filled = [b for b in bins if b["count"]]
        most = max((b["count"] for b in filled), default=1)
        axes.plot([0, 100], [0, 100], color=INK, linewidth=1, linestyle="--", label="as often as the score says")
        x, y = ([100 * b[key] for b in filled] for key in ("confidence", "accuracy"))
        axes.plot(x, y, color=colour, linewidth=1.2)
        sizes = [12 + 150 * b["count"] / most for b in filled]
        axes.scatter(x, y, sizes, color=colour, alpha=0.75, linewidths=0, zorder=3)
        axes.set(title=title, xlabel="score", xlim=(-2, 104), ylim=(-2, 104), aspect="equal")
        _percent(axes)
    both[0].set_ylabel("right")
    both[0].legend(loc="upper left", fontsize=9)
    return figure


@styled
def risk_coverage(curve: Sequence[Sequence[float]], shipped: tuple[float, float]) -> Figure:
    """Precision of the tags by coverage of the landmark photos.

    Args:
        curve: pairs of coverage and precision.
        shipped: the pair at the bundle's thresholds.
    """
    figure, (axes,) = new_figure()
    axes.plot([100 * c for c, _ in curve], [100 * p for _, p in curve], color=BLUE)
    x, y = (100 * value for value in shipped)
    label = f"the bundle's thresholds: {x:.1f} % tagged, {y:.1f} % of all tags correct"
    axes.plot(x, y, "D", color=ORANGE, markersize=9, linestyle="", zorder=3, label=label)
    lowest = min([100 * p for c, p in curve if c > 0.02] + [y, 95])
    axes.set(
        xlim=(0, 102),
        ylim=(lowest - 1, 100.4),
        xlabel="landmark photos tagged",
        ylabel="share of all tags that are correct",
    )
    axes.set_title("What a stricter threshold buys")
    axes.legend(loc="lower left")
    _percent(axes)
    return figure


def shipped_point(metrics: Point) -> tuple[float, float]:
    """Coverage and precision at the bundle's thresholds, counted as `training.evaluate.metrics.risk_coverage` does."""
    right = metrics["rightly_tagged"] * metrics["landmark_photos"]
    tags = metrics["tagged"] * metrics["landmark_photos"] + metrics["negatives_tagged"] * metrics["negative_photos"]
    return metrics["tagged"], right / tags if tags else 1.0


def _percent(axes: Axes) -> None:
    axes.xaxis.set_major_formatter(PercentFormatter(symbol=" %"))
    axes.yaxis.set_major_formatter(PercentFormatter(symbol=" %"))

"""Accuracy against speed, with the Pareto front."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, PercentFormatter
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from training.publish.plots import BLUE, INK, ORANGE, new_figure, styled
from training.publish.results import Json

MARKER_PX = 7  # from a marker's centre to its edge
TICKS = (20, 30, 40, 50, 60, 70, 80, 85, 90, 92, 93, 94, 95, 96, 97, 98, 99)
MIN_MISTAKES = 0.1  # per cent; the logarithmic scale has no zero

# Possible places of a label beside its point: x and y in 1/72 inch, and alignment. The first free one is taken.
LABEL_PLACES = [
    (distance * side, up, "left" if side > 0 else "right")
    for distance in (9, 28, 56)
    for up in (-3, 9, -15, 21, -27, 33, -39, 45, -51, 57, -63)
    for side in (1, -1)
]
MAX_WITHOUT_LINE = 32  # 1/72 inch; a label that is farther away is connected to its point


@styled
def trade_off(compared: Json) -> Figure:
    """The plot of a `compare.json`."""
    figure, (axes,) = new_figure(size=(7.2, 4.6))
    FigureCanvasAgg(figure)
    runs = sorted(compared["runs"], key=lambda run: run["photos_a_second"])
    _scale(axes, runs)
    for run in runs:
        style = {"color": ORANGE, "fmt": "D", "markersize": 8} if run["shipped"] else {"color": BLUE, "fmt": "o"}
        x, (low, y, high) = run["photos_a_second"], _ends(run)
        axes.errorbar(x, y, [[y - low], [high - y]], capsize=3, elinewidth=1.2, zorder=3, **style)
    best = pareto_front([(run["photos_a_second"], 100 * run["top1"]) for run in runs])
    axes.step(*zip(*best, strict=True), where="pre", color=INK, linewidth=1, linestyle="--", zorder=1)
    axes.set(xlabel="photos/s of the network alone (log scale)")
    axes.set(ylabel="test photos, first suggestion correct\n(log scale of the mistakes)")
    axes.set_title(f"Accuracy and speed on {compared['machine']}", loc="left")
    _label(axes, runs, best)
    return figure


def _ends(run: Json) -> tuple[float, float, float]:
    """The interval's low end, the figure, the high end, in per cent."""
    top1 = run["top1"]
    low, high = (top1 if run[key] is None else run[key] for key in ("top1_low", "top1_high"))
    return 100 * low, 100 * top1, 100 * high


def pareto_front(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points that no other point equals or beats both ways, from the slowest to the fastest."""
    kept: list[tuple[float, float]] = []
    for point in sorted(set(points), reverse=True):
        if not kept or point[1] > kept[-1][1]:
            kept.append(point)
    return kept[::-1]


def _scale(axes: Axes, runs: Sequence[Json]) -> None:
    """Both axes are logarithmic, y in the errors: from 95 % to 97.5 % is as far as from 90 % to 95 %."""
    rates = [run["photos_a_second"] for run in runs]
    axes.set_xscale("log")
    axes.set_xlim(min(rates) / 1.5, max(rates) * 1.5)
    axes.xaxis.set_major_locator(LogLocator(10, (1, 1.5, 2, 3, 5, 7)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    mistakes = [100 - end for run in runs for end in _ends(run)]
    most, fewest = min(100.0, max(mistakes) * 1.25), max(MIN_MISTAKES, min(mistakes) / 1.25)
    axes.set_yscale("function", functions=(_height, _accuracy))
    axes.set_ylim(100 - most, 100 - fewest)
    axes.yaxis.set_major_locator(FixedLocator([tick for tick in TICKS if 100 - most <= tick <= 100 - fewest]))
    axes.yaxis.set_major_formatter(PercentFormatter(decimals=0, symbol=" %"))


def _height(accuracy: NDArray[np.float64]) -> NDArray[np.float64]:
    height: NDArray[np.float64] = -np.log(np.maximum(100 - accuracy, MIN_MISTAKES))
    return height


def _accuracy(height: NDArray[np.float64]) -> NDArray[np.float64]:
    accuracy: NDArray[np.float64] = 100 - np.exp(-height)
    return accuracy


def _label(axes: Axes, runs: Sequence[Json], best: Sequence[tuple[float, float]]) -> None:
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()  # positions in pixels are known only after that
    taken = [*_points(axes, runs), *_lines(axes, best)]
    for run in runs:
        text = f"{run['name']}{' (shipped)' if run['shipped'] else ''}"
        for place in LABEL_PLACES:
            label = _annotate(axes, run, text, place)
            box = label.get_window_extent()
            if _contains(axes.bbox, box) and not any(box.overlaps(other) for other in taken):
                break
            label.remove()
        else:  # no place is free, with this many runs
            place = LABEL_PLACES[0]
            box = _annotate(axes, run, text, place).get_window_extent()
        taken.append(box)
        if abs(place[0]) + abs(place[1]) > MAX_WITHOUT_LINE:
            _annotate(axes, run, "", place, {"arrowstyle": "-", "color": INK, "linewidth": 0.5, "shrinkA": 0})


def _annotate(
    axes: Axes, run: Json, text: str, place: tuple[int, int, str], line: dict[str, Any] | None = None
) -> Annotation:
    x, y, side = place
    point = (run["photos_a_second"], 100 * run["top1"])
    return axes.annotate(text, point, (x, y), ha=side, fontsize=9, textcoords="offset points", arrowprops=line)


def _contains(area: Bbox, box: Bbox) -> bool:
    return bool(area.x0 < box.x0 and box.x1 < area.x1 and area.y0 < box.y0 and box.y1 < area.y1)


def _points(axes: Axes, runs: Sequence[Json]) -> Iterator[Bbox]:
    """The boxes of markers and error bars, in pixels."""
    for run in runs:
        low, centre, high = axes.transData.transform([(run["photos_a_second"], y) for y in _ends(run)])
        yield Bbox([low - MARKER_PX / 2, high + MARKER_PX / 2])
        yield Bbox([centre - MARKER_PX, centre + MARKER_PX])


def _lines(axes: Axes, best: Sequence[tuple[float, float]]) -> Iterator[Bbox]:
    """The boxes of the front's horizontal lines, in pixels."""
    corners = axes.transData.transform(best)
    for (left, _), (right, y) in pairwise(corners):
        yield Bbox([[left, y - 1], [right, y + 1]])

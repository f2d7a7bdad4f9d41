"""Accuracy against speed, with the front that nothing beats.

The one rule: a label never covers a point or another label.
"""

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

from training.publish.plots import BLUE, INK, ORANGE, begin, styled
from training.publish.results import Json

MARKER = 7  # pixels from a marker's centre to its edge
TICKS = (20, 30, 40, 50, 60, 70, 80, 85, 90, 92, 93, 94, 95, 96, 97, 98, 99)
LEAST = 0.1  # per cent of mistakes that the scale can show

# Where a label may stand, from its point, in 1/72 inch: the first free place is taken, and a far one gets a line.
FAR = 32
PLACES = [
    (far * side, up, "left" if side > 0 else "right")
    for far in (9, 28, 56)
    for up in (-3, 9, -15, 21, -27, 33, -39, 45, -51, 57, -63)
    for side in (1, -1)
]


@styled
def trade_off(compared: Json) -> Figure:
    """The plot of a `compare.json`."""
    figure, (axes,) = begin(size=(7.2, 4.6))
    FigureCanvasAgg(figure)
    runs = sorted(compared["runs"], key=lambda run: run["photos_a_second"])
    _scale(axes, runs)
    for run in runs:
        look = {"color": ORANGE, "fmt": "D", "markersize": 8} if run["shipped"] else {"color": BLUE, "fmt": "o"}
        x, (low, y, high) = run["photos_a_second"], _ends(run)
        axes.errorbar(x, y, [[y - low], [high - y]], capsize=3, elinewidth=1.2, zorder=3, **look)
    best = front([(run["photos_a_second"], 100 * run["top1"]) for run in runs])
    axes.step(*zip(*best, strict=True), where="pre", color=INK, linewidth=1, linestyle="--", zorder=1)
    axes.set(xlabel="photos/s of the network alone (log scale)")
    axes.set(ylabel="test photos, first suggestion right\n(log scale of the mistakes)")
    axes.set_title(f"Accuracy and speed on {compared['machine']}", loc="left")
    _label(axes, runs, best)
    return figure


def _ends(run: Json) -> tuple[float, float, float]:
    """The interval's low end, the figure, the high end, in percent."""
    middle = run["top1"]
    low, high = (middle if run[key] is None else run[key] for key in ("top1_low", "top1_high"))
    return 100 * low, 100 * middle, 100 * high


def front(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points that no other is both as fast and as right as, from the slowest to the fastest."""
    kept: list[tuple[float, float]] = []
    for point in sorted(set(points), reverse=True):
        if not kept or point[1] > kept[-1][1]:
            kept.append(point)
    return kept[::-1]


def _scale(axes: Axes, runs: Sequence[Json]) -> None:
    """Both ways logarithmic, upwards in the mistakes: from 95 % to 97.5 % is as far as from 90 % to 95 %."""
    rates = [run["photos_a_second"] for run in runs]
    axes.set_xscale("log")
    axes.set_xlim(min(rates) / 1.5, max(rates) * 1.5)
    axes.xaxis.set_major_locator(LogLocator(10, (1, 1.5, 2, 3, 5, 7)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    mistakes = [100 - end for run in runs for end in _ends(run)]
    most, fewest = min(100.0, max(mistakes) * 1.25), max(LEAST, min(mistakes) / 1.25)
    axes.set_yscale("function", functions=(_height, _share))
    axes.set_ylim(100 - most, 100 - fewest)
    axes.yaxis.set_major_locator(FixedLocator([tick for tick in TICKS if 100 - most <= tick <= 100 - fewest]))
    axes.yaxis.set_major_formatter(PercentFormatter(decimals=0, symbol=" %"))


def _height(share: NDArray[np.float64]) -> NDArray[np.float64]:
    height: NDArray[np.float64] = -np.log(np.maximum(100 - share, LEAST))
    return height


def _share(height: NDArray[np.float64]) -> NDArray[np.float64]:
    share: NDArray[np.float64] = 100 - np.exp(-height)
    return share


def _label(axes: Axes, runs: Sequence[Json], best: Sequence[tuple[float, float]]) -> None:
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()  # now points know where they are
    taken = [*_points(axes, runs), *_lines(axes, best)]
    for run in runs:
        text = f"{run['name']}{' (shipped)' if run['shipped'] else ''}"
        for place in PLACES:
            label = _written(axes, run, text, place)
            box = label.get_window_extent()
            if _within(box, axes.bbox) and not any(box.overlaps(other) for other in taken):
                break
            label.remove()
        else:  # so many runs that no place is free
            place = PLACES[0]
            box = _written(axes, run, text, place).get_window_extent()
        taken.append(box)
        if abs(place[0]) + abs(place[1]) > FAR:
            _written(axes, run, "", place, {"arrowstyle": "-", "color": INK, "linewidth": 0.5, "shrinkA": 0})


def _written(
    axes: Axes, run: Json, text: str, place: tuple[int, int, str], line: dict[str, Any] | None = None
) -> Annotation:
    x, y, side = place
    point = (run["photos_a_second"], 100 * run["top1"])
    return axes.annotate(text, point, (x, y), ha=side, fontsize=9, textcoords="offset points", arrowprops=line)


def _within(box: Bbox, area: Bbox) -> bool:
    return bool(area.x0 < box.x0 and box.x1 < area.x1 and area.y0 < box.y0 and box.y1 < area.y1)


def _points(axes: Axes, runs: Sequence[Json]) -> Iterator[Bbox]:
    """What markers and error bars cover, in pixels."""
    for run in runs:
        low, centre, high = axes.transData.transform([(run["photos_a_second"], y) for y in _ends(run)])
        yield Bbox([low - MARKER / 2, high + MARKER / 2])
        yield Bbox([centre - MARKER, centre + MARKER])


def _lines(axes: Axes, best: Sequence[tuple[float, float]]) -> Iterator[Bbox]:
    """What the front's level pieces cover, in pixels."""
    corners = axes.transData.transform(best)
    for (left, _), (right, y) in pairwise(corners):
        yield Bbox([[left, y - 1], [right, y + 1]])

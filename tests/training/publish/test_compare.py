"""Runs side by side: their own figures, and speeds measured together."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tagger.core.types import EngineInfo
from tagger.model.bundle import write_bundle
from tests.training.measured import measure, renamed
from training.data.manifest import DataError
from training.evaluate.speed import photos_per_second
from training.fit.experiment import Experiment
from training.fit.fit import fit
from training.fit.recipe_file import with_overrides
from training.publish import compare as module
from training.publish.compare import compare
from training.publish.compare_plot import pareto_front, trade_off
from training.publish.export import draft_card, weight_files
from training.publish.plots import svg


class Counting:
    """An engine that notes when it is called and with what."""

    info = EngineInfo("counting", "CPU", "float32", "for tests")
    batch_size = 4

    def __init__(self, name: str, calls: list[str]) -> None:
        self.name, self.calls = name, calls
        self.shapes: set[tuple[int, ...]] = set()
        self.first: NDArray[np.uint8] | None = None

    def logits(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.calls.append(self.name)
        self.shapes.add(batch.shape)
        self.first = batch[0, :8, :8]
        return np.zeros((len(batch), 4), dtype=np.float32)


@pytest.fixture
def bundled(experiment: Experiment, monkeypatch: pytest.MonkeyPatch) -> Experiment:
    """A run with weights and a bundle, as `calibrate` leaves it, whose speed is measured in a moment."""
    monkeypatch.setattr(module, "photos_per_second", lambda engines: photos_per_second(engines, rounds=1, round_s=0.0))
    return with_bundle(experiment)


def with_bundle(experiment: Experiment) -> Experiment:
    recipe = with_overrides(experiment.recipe, ("train.epochs=0", "network=scratch"))
    untrained = Experiment(replace(recipe, head=None), experiment.folder)
    fit(untrained)
    write_bundle(experiment.bundle, draft_card(untrained), weight_files(untrained))
    return measure(experiment)


def row(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": "a", "network": "scratch", "size_px": 160, "photos_a_second": 100.0, "shipped": False, "top1": 0.9,
    } | changes  # fmt: skip
    return {"top1_low": values["top1"] - 0.01, "top1_high": values["top1"] + 0.01} | values


def compared(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"machine": "CPU (for tests)", "runs": list(rows)}


@pytest.mark.slow
def test_a_run_is_compared_by_its_own_figures_and_a_measured_speed(
    bundled: Experiment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compare([bundled], tmp_path / "out")
    written = json.loads((tmp_path / "out" / "compare.json").read_text())
    (one,) = written["runs"]
    assert (one["name"], one["size_px"], one["top1"], one["top5_high"]) == ("colours", 32, 0.75, 1.01)
    assert one["photos_a_second"] > 0
    assert one["megabytes"] == pytest.approx(sum(f.stat().st_size for f in bundled.bundle.iterdir()) / 1e6, abs=0.05)
    assert one["parameters"] > 2_000_000
    assert not one["shipped"]
    assert "threads" in written["machine"]
    assert re.search(r"^\| colours \| scratch \| 32 \|", capsys.readouterr().out, re.M)
    assert "colours" in (tmp_path / "out" / "compare.svg").read_text()


def test_a_run_without_a_bundle_names_the_step(experiment: Experiment, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="python -m training calibrate other"):
        compare([measure(renamed(experiment, "other"))], tmp_path)


def test_engines_take_turns_on_the_same_pixels() -> None:
    calls: list[str] = []
    small, large = Counting("small", calls), Counting("large", calls)
    rates = photos_per_second({"small": (small, 16), "large": (large, 32)}, rounds=3, round_s=0.0)
    assert calls == ["small", "large"] * 4  # once to warm up, then three rounds
    assert (small.shapes, large.shapes) == ({(4, 16, 16, 3)}, {(4, 32, 32, 3)})
    assert small.first is not None
    assert large.first is not None
    assert (small.first == large.first).all()
    assert rates.keys() == {"small", "large"}


def test_the_front_holds_what_no_other_run_beats() -> None:
    assert pareto_front([(10, 95), (20, 90), (15, 89), (20, 85), (40, 60), (5, 94)]) == [(10, 95), (20, 90), (40, 60)]


def test_labels_of_runs_that_lie_together_do_not_overlap() -> None:
    rows = [row(name=f"lite{n} at 224 px", photos_a_second=100.0 + n, top1=0.93 + n / 1000) for n in range(6)]
    figure = trade_off(compared(rows))
    texts = [text for text in figure.axes[0].texts if text.get_text()]
    boxes = [text.get_window_extent() for text in texts]
    assert len(texts) == 6
    assert not any(one.overlaps(other) for n, one in enumerate(boxes) for other in boxes[:n])


def test_the_shipped_run_is_marked_and_the_plot_is_the_same_each_time() -> None:
    rows = [row(), row(name="b", photos_a_second=300.0, top1=0.8, top1_low=None, top1_high=None, shipped=True)]
    one, other = (svg(trade_off(compared(rows))) for _ in range(2))
    assert one == other
    assert "b (shipped)" in one

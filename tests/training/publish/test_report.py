"""The page about a run: complete, self-contained, and honest about what is missing."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from tagger.model.bundle import write_bundle
from tests.drawn import card
from tests.training.measured import SOURCES, WAYS, measure, write
from training.data.manifest import DataError
from training.fit.experiment import Experiment
from training.publish import plots
from training.publish.costs import training_cost
from training.publish.plots import shipped_point
from training.publish.report import write_report
from training.publish.results import Results

VOID = {"meta", "img", "br"}


class Balanced(HTMLParser):
    """Follows open elements, and remembers what would be loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loaded += [value or "" for name, value in attrs if name in ("src", "href", "data", "xlink:href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page(experiment: Experiment) -> str:
    return write_report(experiment).read_text(encoding="utf-8")


def test_the_page_shows_the_figures_with_their_intervals(experiment: Experiment) -> None:
    text = page(measure(experiment, top1=0.8125))
    assert "81.2 %" in text
    assert "95 % interval 73.0 – 76.0 %" in text


def test_nothing_is_loaded_from_anywhere_and_every_element_is_closed(experiment: Experiment) -> None:
    parser = Balanced()
    parser.feed(page(measure(experiment)))
    assert parser.open == []
    assert [link[:30] for link in parser.loaded if not link.startswith(("data:image/", "#"))] == []


def test_what_the_calibration_cannot_promise_stands_above_the_figures(experiment: Experiment) -> None:
    assert "cannot promise" not in page(measure(experiment))
    write_bundle(experiment.bundle, card(warnings=("Only 3 photos <show> it.", "Another.")), {})
    text = page(experiment)
    assert text.index("<li>Only 3 photos &lt;show&gt; it.</li>") < text.index("<h2>By what photos show</h2>")
    assert "<li>Another.</li>" in text


def test_every_part_is_there_once_every_step_was_run(experiment: Experiment) -> None:
    measure(experiment)
    write(experiment, "none.json", WAYS)
    write(experiment, "sources.json", SOURCES)
    text = page(experiment)
    assert "Not measured yet" not in text
    headings = re.findall("<h2>(.*?)</h2>", text)
    assert headings == [
        "By what photos show", "How good it is", "What it is", "Data", "How it learned", "Landmark by landmark",
        "Confusions", "What scores mean", "What a stricter threshold would do", "Other sights, source by source",
        "Negatives by kind", "Ways to decide that there is no known landmark", "Corrupted photos",
        "Photos from sources that training never saw", "What training cost", "Where it comes from",
    ]  # fmt: skip
    assert text.count("<svg") == 3


def test_what_was_not_measured_names_the_step_that_does_it(experiment: Experiment) -> None:
    write(measure(experiment), "details.json", {})
    (experiment.folder / "log.jsonl").unlink()
    text = page(experiment)
    for step in ("none", "sources", "evaluate", "fit"):
        assert f"python -m training {step} {experiment.recipe.name}" in text


def test_a_run_that_was_not_evaluated_has_no_report(experiment: Experiment) -> None:
    with pytest.raises(DataError, match="Run first: python -m training evaluate"):
        write_report(experiment)


def test_confused_photos_are_shown_small_and_a_lost_one_is_left_out(experiment: Experiment) -> None:
    text = page(measure(experiment))
    assert text.count("data:image/jpeg;base64") == 1
    assert "red_rock taken for blue_lake: 2 photos" in text


def test_what_a_file_says_cannot_become_markup(experiment: Experiment) -> None:
    measure(experiment)
    ways = [WAYS["ways"][0] | {"what": "<script>alert(1)</script>"}]  # type: ignore[operator]
    write(experiment, "none.json", {"ways": ways, "best": ""})
    assert "<script>" not in page(experiment)


def test_an_interrupted_and_resumed_training_is_one_curve(experiment: Experiment) -> None:
    measure(experiment)
    with (experiment.folder / "log.jsonl").open("a") as log:
        log.write('{"stage": "train", "epoch": 2, "loss": 9, "val_top1": 0.9, "photos_a_second": 1}\n')
    epochs = Results(experiment).epochs
    assert [(line["epoch"], line["loss"]) for line in epochs] == [(1, 4.0), (2, 9)]


def test_the_minutes_of_a_resumed_training_are_those_of_all_its_epochs(experiment: Experiment) -> None:
    measure(experiment)
    photos = len(experiment.entries("train"))
    slow = {"stage": "train", "epoch": 3, "photos_a_second": photos / 600}
    with (experiment.folder / "log.jsonl").open("a") as log:
        log.write(f"{json.dumps(slow)}\n" + '{"stage": "fitted", "minutes": 1.0, "resumed": true}\n')
    (row,) = training_cost([Results(experiment)]).rows
    assert row[4] == "10 (epochs)"


def test_the_shipped_point_counts_tags_on_negatives_as_wrong() -> None:
    metrics = {
        "landmark_photos": 90, "negative_photos": 100, "tagged": 0.5, "rightly_tagged": 0.5, "negatives_tagged": 0.05,
    }  # fmt: skip
    assert shipped_point(metrics) == pytest.approx((0.5, 0.9))


def test_the_same_figures_give_the_same_plot_without_a_date() -> None:
    lines = [{"epoch": n, "loss": 3.0 / n, "val_top1": 0.1 * n} for n in range(1, 9)]
    one, other = (plots.svg(plots.learning({"a": lines, "b": lines[:3]})) for _ in range(2))
    assert one == other
    assert "dc:date" not in one

"""The tables by what photos show, and what they say where too few photos were measured."""

from __future__ import annotations

from tests.training.measured import CATEGORIES, SOURCES, measure, write
from training.fit.experiment import Experiment
from training.publish.category_tables import categories, sight_sources, stricter
from training.publish.results import Results


def test_every_figure_has_its_interval(experiment: Experiment) -> None:
    rows = {row[0]: row[1:] for row in categories(Results(measure(experiment))).rows}
    assert rows["known landmarks, from sources in the training data"] == (
        "1,200", "75.0 % (70.0 – 80.0)", "65.0 % (60.0 – 70.0)", "93.0 % (90.0 – 95.0)", "70.0 % (60.0 – 80.0)",
    )  # fmt: skip
    assert rows["other sights"] == ("40", "", "", "", "28.0 % (25.0 – 31.0)")
    assert rows["documents and screenshots"][-1] == "–"


def test_it_says_so_if_no_photo_comes_from_another_source(experiment: Experiment) -> None:
    table = categories(Results(measure(experiment)))
    assert table.rows[1][1:] == ("0", "–", "–", "–", "–")
    assert "The test split has no photos of landmarks from sources that training did not see." in table.note


def test_sources_that_were_left_out_take_the_place_of_unseen_ones(experiment: Experiment) -> None:
    pooled = SOURCES["all"] | {"landmark_photos": 1000, "tagged": 0.5}  # type: ignore[operator]
    write(measure(experiment), "sources.json", {**SOURCES, "all": pooled, "changes": ["train.epochs=4"]})
    table = categories(Results(experiment))
    name, photos, top1, rightly_tagged, tags_right, tagged = table.rows[1]
    assert name.endswith(" *")
    assert "* Measured on models that were trained without these sources: `python -m training sources" in table.note
    assert table.note.endswith("sources colours train.epochs=4`.")
    assert (photos, top1) == ("1,000", "50.0 % (46.9 – 53.1)")
    assert [cell.split(" (")[0] for cell in (rightly_tagged, tags_right, tagged)] == ["40.0 %", "80.0 %", "50.0 %"]


def test_enough_photos_of_unseen_sources_speak_for_themselves(experiment: Experiment) -> None:
    found = {**CATEGORIES, "unseen_sources": CATEGORIES["seen_sources"]}
    write(measure(experiment), "details.json", {"test": {"categories": found}})
    write(experiment, "sources.json", SOURCES)
    table = categories(Results(experiment))
    assert table.rows[1][0] == "known landmarks, from other sources"
    assert "did not see" not in table.note


def test_the_validation_split_has_a_table_of_its_own(experiment: Experiment) -> None:
    write(measure(experiment), "details.json", {"val": {"categories": CATEGORIES}})
    assert categories(Results(experiment)).rows == []
    assert categories(Results(experiment), "val").photos == "validation split"
    assert len(categories(Results(experiment), "val").rows) == 5


def test_stricter_thresholds_stand_below_the_shipped_ones(experiment: Experiment) -> None:
    rows = stricter(Results(measure(experiment))).rows
    assert rows[0] == ("as shipped", "65.0 %", "93.0 %", "28.0 %", "0.0 %", "–")
    assert [row[0] for row in rows] == ["as shipped", "0.5", "0.8 (--strict)"]


def test_sources_are_listed_worst_first_beside_their_median(experiment: Experiment) -> None:
    table = sight_sources(Results(measure(experiment)))
    assert [row[:4] for row in table.rows] == [("castles", "10", "4", "40.0 %"), ("coasts", "20", "2", "10.0 %")]
    assert "The median of the 2 sources with at least 5 of them is 25.0 %." in table.note

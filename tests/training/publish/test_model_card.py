"""The generated parts of the model card, and the prose around them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tagger.model.bundle import write_bundle
from tests.drawn import card as drawn_card
from tests.training.measured import SOURCES, WAYS, measure, renamed, write
from training.data.manifest import DataError
from training.fit.experiment import Experiment
from training.publish.markdown import markdown
from training.publish.model_card import PARTS, update_model_card
from training.publish.tables import AT_3_PERCENT, Table

PROSE = "# Card\n\nSaid by a person.\n\n<!-- generated: {} -->\nold\n<!-- end -->\n\nAnd so on.\n"
REAL = Path(__file__).parents[3] / "docs" / "MODEL.md"


def card(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "MODEL.md").write_text(text)
    return folder


def updated(experiment: Experiment, docs: Path) -> str:
    update_model_card(experiment, docs)
    return (docs / "MODEL.md").read_text()


def test_only_what_stands_between_the_markers_changes(experiment: Experiment, tmp_path: Path) -> None:
    text = updated(measure(experiment), card(tmp_path / "docs", PROSE.format("headline")))
    assert text.startswith("# Card\n\nSaid by a person.\n\n<!-- generated: headline -->\n")
    assert text.endswith("<!-- end -->\n\nAnd so on.\n")
    assert "old" not in text
    assert "| first suggestion correct | landmark photos | 75.0 % | 73.0 – 76.0 % | 75.0 % |" in text


def test_the_readme_beside_the_folder_is_updated_as_well(experiment: Experiment, tmp_path: Path) -> None:
    docs = card(tmp_path / "docs", PROSE.format("headline"))
    (tmp_path / "README.md").write_text(PROSE.format("categories"))
    update_model_card(measure(experiment), docs)
    assert "| ordinary photos | 30 |  |  |  | 0.0 % (0.0 – 11.0) |" in (tmp_path / "README.md").read_text()


def test_a_broken_readme_is_refused_and_nothing_changes(experiment: Experiment, tmp_path: Path) -> None:
    docs = card(tmp_path / "docs", text := PROSE.format("headline"))
    (tmp_path / "README.md").write_text(PROSE.format("weather"))
    with pytest.raises(DataError, match=r"README\.md has a part 'weather'"):
        update_model_card(measure(experiment), docs)
    assert (docs / "MODEL.md").read_text() == text


def test_updating_twice_changes_nothing_more(experiment: Experiment, tmp_path: Path) -> None:
    docs = card(tmp_path / "docs", "\n".join(PROSE.format(name) for name in PARTS))
    once = updated(measure(experiment), docs)
    drawn = {plot.name: plot.read_bytes() for plot in (docs / "plots").iterdir()}
    assert updated(experiment, docs) == once
    assert {plot.name: plot.read_bytes() for plot in (docs / "plots").iterdir()} == drawn
    assert set(drawn) == {"learning.svg", "reliability.svg", "risk-coverage.svg"}


def test_each_part_names_its_photos_its_machine_and_its_command(experiment: Experiment, tmp_path: Path) -> None:
    write(measure(experiment), "none.json", WAYS)
    write(experiment, "sources.json", SOURCES)
    for name, photos, step in (("none", "validation split", "none"), ("sources", "all splits", "sources")):
        text = updated(experiment, card(tmp_path / "docs", PROSE.format(name)))
        assert re.search(rf"\*Photos: {photos}.* of the data \w{{8}}. Machine: .+ cores, Python", text)
        assert f"`python -m training {step} colours`*" in text


def test_it_says_what_the_calibration_could_not_promise(experiment: Experiment, tmp_path: Path) -> None:
    docs = card(tmp_path / "docs", PROSE.format("warnings"))
    assert "python -m training calibrate colours" in updated(measure(experiment), docs)
    for warnings, shown in ((), "gave no warnings"), (("Too few.", "Too grey."), "- Too few.\n- Too grey.\n"):
        write_bundle(experiment.bundle, drawn_card(warnings=warnings), {"model.onnx": b""})
        assert shown in updated(Experiment(experiment.recipe, experiment.folder), docs)


def test_what_was_not_measured_names_its_step(experiment: Experiment, tmp_path: Path) -> None:
    docs = card(tmp_path / "docs", "".join(PROSE.format(name) for name in ("none", "compare", "int8")))
    text = updated(measure(experiment), docs)
    for step in ("none colours", "compare RUN RUN …", "int8 colours"):
        assert f"Not measured yet: `python -m training {step}`" in text


def test_the_scratch_run_beside_it_is_drawn_and_priced_as_well(experiment: Experiment, tmp_path: Path) -> None:
    measure(renamed(experiment, "scratch", network="scratch"), top1=0.5)
    docs = card(tmp_path / "docs", "".join(PROSE.format(name) for name in ("scratch", "curves", "cost")))
    text = updated(measure(experiment), docs)
    assert "| 50.0 % |" in text
    assert "| scratch | scratch | 3 | 100 | 12 | CPU |" in text
    assert "colours" in (docs / "plots" / "learning.svg").read_text()


def test_the_first_look_beside_it_says_what_it_answers_alone(experiment: Experiment, tmp_path: Path) -> None:
    docs = card(tmp_path / "docs", PROSE.format("first-look"))
    assert "Not measured yet: `python -m training first-look first_look`" in updated(measure(experiment), docs)
    figures = {"tags": 1000, "agreement": 0.998, "landmark_answered": 0.01, "ordinary_answered": 0.8}
    student = renamed(experiment, "first_look")
    write(student, "first_look.json", {"none_below": 0.03, "test": figures, "val": figures})
    text = updated(experiment, docs)
    assert "| ordinary photos: answered by the first look | 80.0 % | 80.0 % |" in text
    assert "| tags of the large network that stay | 99.8 % | 99.8 % |" in text
    assert "below 0.03." in text


def test_a_run_made_again_stands_beside_the_first(experiment: Experiment, tmp_path: Path) -> None:
    docs = card(tmp_path / "docs", PROSE.format("reproduced"))
    assert "Not measured yet: `python -m training reproduce" in updated(measure(experiment), docs)
    measure(renamed(experiment, "reproduced"), top1=0.74, gap=0.81)
    text = updated(experiment, docs)
    assert "| first suggestion correct | 75.0 % | 74.0 % | -1.0 |" in text
    assert "| GAP with negatives as distractors | 0.800 | 0.810 | +1.0 |" in text
    assert "other sights tagged" not in text
    for name, agreement in (("first_look", 0.998), ("reproduced_first_look", 0.997)):
        write(renamed(experiment, name), "first_look.json", {"test": {"agreement": agreement}})
    assert "| tags of the large network that stay | 99.8 % | 99.7 % | -0.1 |" in updated(experiment, docs)


def test_runs_that_were_asked_about_unseen_sources_stand_side_by_side_best_first(
    experiment: Experiment, tmp_path: Path
) -> None:
    docs = card(tmp_path / "docs", PROSE.format("sources"))
    for name, rightly in (("colours", 0.4), ("small", 0.5)):
        write(renamed(experiment, name), "sources.json", {**SOURCES, "all": {"top1": 0.5, AT_3_PERCENT: rightly}})
    text = updated(measure(experiment), docs)
    assert text.index("| small |") < text.index("| colours |")
    assert "| 50.0 % |" in text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (PROSE.format("weather"), "has a part 'weather'"),
        (PROSE.format("headline").replace("<!-- end -->", ""), "has no end"),
    ],
)
def test_a_broken_document_is_refused_and_left_as_it_is(
    experiment: Experiment, tmp_path: Path, text: str, problem: str
) -> None:
    docs = card(tmp_path / "docs", text)
    with pytest.raises(DataError, match=problem):
        update_model_card(measure(experiment), docs)
    assert (docs / "MODEL.md").read_text() == text


def test_a_missing_document_names_the_option(experiment: Experiment, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--docs"):
        update_model_card(measure(experiment), tmp_path)


def test_the_real_document_has_every_part_once() -> None:
    assert sorted(re.findall(r"<!-- generated: ([\w-]+) -->", REAL.read_text())) == sorted(PARTS)


def test_the_real_readme_leads_with_the_figures_by_what_photos_show() -> None:
    assert "<!-- generated: categories -->" in (REAL.parents[1] / "README.md").read_text().split("\n## ")[0]


def test_a_cell_cannot_break_its_table() -> None:
    table = Table("", ("a", "#b"), [("x|y\nz", "1")], "", "")
    assert markdown(table) == "| a | b |\n| --- | ---: |\n| x\\|y z | 1 |"
    assert markdown(replace(table, rows=[])) == "| a | b |\n| --- | ---: |"

"""The documents keep their word: what they name exists, and what exists is named."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import click
import pytest

from benchmarks.__main__ import ALL as BENCHMARKS
from db.engine import open_store
from tagger.cli import main
from tagger.config.settings import fields, load_settings
from tagger.core.types import Landmark, Result, Suggestion, Tagged
from tagger.image.decode import KINDS
from tagger.library.json_line import json_line
from training.cli import main as training

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "REFERENCE.md").read_text()
SETTINGS = REFERENCE.split("## Settings")[1].split("## ")[0]
README = (ROOT / "README.md").read_text()
TRAINING = (ROOT / "docs" / "TRAINING.md").read_text()

OPTIONS = sorted(
    {
        (name, option)
        for name, command in main.commands.items()
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
        if option != "--help"
    }
)

STEPS = training.commands


@pytest.mark.parametrize("command", main.commands)
def test_every_command_is_in_the_reference_and_the_readme(command: str) -> None:
    assert f"`tagger {command}" in REFERENCE
    assert f"tagger {command}" in README


@pytest.mark.parametrize(("command", "option"), OPTIONS)
def test_every_option_is_in_the_reference(command: str, option: str) -> None:
    assert re.search(rf"{re.escape(option)}\b", _about(command)), f"tagger {command} {option}"


def _about(command: str) -> str:
    """What the reference says of a command: its row and what is said of all; if it takes a query, that chapter too."""
    chapter = REFERENCE.split("## Commands")[1].split("## Settings")[0]
    others = [line for line in chapter.splitlines() if not line.startswith("| `tagger") or f"`tagger {command}" in line]
    queries = REFERENCE.split("## Queries")[1].split("## ")[0] if command in ("query", "export", "review") else ""
    return "\n".join(others) + queries


@pytest.mark.parametrize("setting", fields())
def test_every_setting_is_in_the_reference_with_its_default(setting: str) -> None:
    (row,) = (line for line in SETTINGS.splitlines() if line.startswith(f"| `{setting}` |"))
    default = fields()[setting].default
    if isinstance(default, bool):
        assert f"| {'on' if default else 'off'} |" in row
    elif isinstance(default, int) and setting != "decode_threads":
        assert f"| {default:,} |" in row
    elif isinstance(default, str):
        assert f"| `{default}` |" in row


def test_the_reference_names_no_setting_that_is_none() -> None:
    assert set(re.findall(r"^\| `([\w.]+)` \|", SETTINGS, re.M)) == set(fields())


def test_the_example_file_holds_every_setting_with_its_default(tmp_path: Path) -> None:
    example, empty = ROOT / "deploy" / "tagger.example.toml", tmp_path / "empty.toml"
    empty.touch()
    assert load_settings({}, example).model_dump() == load_settings({}, empty).model_dump()
    above, jobs = example.read_text().split("[jobs]")
    named = re.findall(r"^(?:# )?(\w+) = ", above, re.M)
    assert {*named, *(f"jobs.{name}" for name in re.findall(r"^(?:# )?(\w+) = ", jobs, re.M))} == set(fields())


def test_every_kind_of_failure_is_in_the_reference() -> None:
    table = REFERENCE.split("Kinds of failure")[1].split("## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.M)) == set(KINDS)


def test_the_promised_json_line_has_the_keys_that_are_written() -> None:
    (promised,) = (json.loads(line) for line in REFERENCE.splitlines() if line.startswith('{"path"'))
    landmark = Landmark("eiffel_tower", "Eiffel Tower", "France", 48.8584, 2.2945, city="Paris")
    answer = Tagged((Suggestion(1, landmark, 0.97, is_tag=True),))
    written = json.loads(json_line(Result(promised["path"], promised["sha256"], answer), k=5))
    assert list(promised) == list(written)
    assert promised == written


def test_the_sql_example_runs(tmp_path: Path) -> None:
    sql = REFERENCE.split("```sql")[1].split("```")[0]
    with open_store(f"sqlite:///{tmp_path / 'tags.sqlite'}"):
        pass
    connection = sqlite3.connect(tmp_path / "tags.sqlite")
    assert connection.execute(sql).fetchall() == []
    connection.close()


def test_make_targets_in_the_readme_exist() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"\bmake (\w+)", README)) <= targets


@pytest.mark.parametrize("document", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_lead_somewhere(document: str) -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)", (ROOT / document).read_text()):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("document", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_paths_in_the_documents_exist(document: str) -> None:
    for path in re.findall(
        r"`((?:tagger|db|training|tests|benchmarks|deploy|docs)/[\w./-]+)`", (ROOT / document).read_text()
    ):
        assert (ROOT / path).exists() or (ROOT / f"{path}.py").exists(), path


@pytest.mark.parametrize("document", ["README.md", "ARCHITECTURE.md", "docs/BENCHMARKS.md", "training/LOG.md"])
def test_benchmarks_in_the_documents_exist(document: str) -> None:
    assert set(re.findall(r"python -m benchmarks (\w+)", (ROOT / document).read_text())) <= set(BENCHMARKS)


@pytest.mark.parametrize("step", STEPS)
def test_every_step_of_training_is_documented_with_its_options(step: str) -> None:
    (row,) = (line for line in TRAINING.splitlines() if line.startswith(f"| `{step}"))
    said = row + (TRAINING if step == "reproduce" else "")
    options = [option for parameter in STEPS[step].params for option in parameter.opts if option.startswith("--")]
    assert [option for option in options if option not in said] == []

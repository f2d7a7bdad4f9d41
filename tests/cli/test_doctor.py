"""`tagger doctor`, `tagger bench` and `--help`."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tagger.model.bundle import open_bundle, write_bundle
from tests.cli.conftest import Tagger

COMMANDS = ("tag", "suggest", "query", "labels", "runs", "doctor", "bench", "train")


def test_a_sound_machine_is_in_order(tagger: Tagger, library: Path) -> None:
    before = tagger("doctor")
    assert before.returncode == 0
    assert "'tagger tag' makes it" in before.stdout
    tagger("tag", library)
    after = tagger("doctor").stdout
    for part in (
        "openvino",
        "verified, 3 landmarks; one look",
        "a grey picture shows none",
        "GB free",
        "can be opened",
    ):
        assert part in after


def test_a_minimum_score_is_named(tagger: Tagger) -> None:
    assert "a tag needs a score of 0.8" in tagger("doctor", "--strict").stdout
    assert "a tag needs a score of 0.95" in tagger("doctor", TAGGER_MIN_SCORE="0.95").stdout
    assert "needs a score" not in tagger("doctor").stdout


def test_each_problem_is_named(tagger: Tagger, tmp_path: Path) -> None:
    (tmp_path / "tags.sqlite").write_text("this is a diary, not a database, and it is long enough to be read as one")
    done = tagger("doctor", "--bundle", tmp_path)
    assert done.returncode == 1
    assert done.stdout.count("PROBLEM") == 2
    assert "card.json" in done.stdout
    assert "tags.sqlite" in done.stdout


def test_what_a_bundle_cannot_promise_is_a_warning_but_no_problem(
    tagger: Tagger, model_folder: Path, tmp_path: Path
) -> None:
    bundle = open_bundle(model_folder)
    warned = replace(bundle.card, warnings=("Only 9 validation photos show a landmark.",))
    write_bundle(tmp_path / "own", warned, {name: bundle.file(name).read_bytes() for name in warned.files})
    done = tagger("doctor", "--bundle", tmp_path / "own")
    assert done.returncode == 0
    assert "warning  model: Only 9 validation photos show a landmark." in done.stdout


def test_bench_says_what_holds_the_run_back(tagger_process: Tagger, library: Path) -> None:
    (library / "broken.jpg").write_text("no photo")
    os.mkfifo(library / "pipe.jpg")
    sentence = tagger_process("bench", library).stdout
    assert [line.split()[0] for line in sentence.splitlines()[:5]] == ["14", "end", "decode", "model", "bound"]
    assert "of the bound; limited mostly by" in sentence


def test_bench_needs_photos(tagger: Tagger, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    assert "holds no photo" in tagger("bench", tmp_path / "nothing").stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(tagger: Tagger, command: str) -> None:
    done = tagger(command, "--help")
    assert done.returncode == 0
    assert "Usage:" in done.stdout


HEAVY = ("alembic", "jinja2", "numpy", "openvino", "PIL", "pydantic", "sqlalchemy", "torch", "training")


def loaded_by(*arguments: str, **environment: str) -> list[str]:
    """The heavy packages that a command has imported when it ends."""
    code = (
        "import sys; from tagger.cli import main; main(sys.argv[1:], standalone_mode=False);"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=True)
    found: list[str] = ast.literal_eval(done.stdout.splitlines()[-1])
    return found


@pytest.mark.process
def test_help_starts_without_heavy_packages() -> None:
    assert loaded_by("--help") == []


@pytest.mark.process
def test_a_run_without_new_photos_loads_neither_model_nor_images(
    tagger: Tagger, library: Path, model_folder: Path
) -> None:
    tagger("tag", library)
    own = {"TAGGER_DB_URL": str(library.parent / "tags.sqlite"), "TAGGER_BUNDLE": str(model_folder)}
    assert loaded_by("tag", str(library), **own) == ["pydantic", "sqlalchemy"]

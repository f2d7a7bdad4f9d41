"""The command line of training: its exit codes, its sources, and how it starts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tagger.core.extras import install_command
from training.cli import main
from training.data import prepare
from training.data.archive import COURSE_URL
from training.data.manifest import Entry, write_manifest
from training.data.prepare import Source

START = "import sys, training.cli; print([name for name in ('numpy', 'torch') if name in sys.modules])"


def exit_code(*arguments: str) -> int:
    return CliRunner().invoke(main, arguments).exit_code


def test_the_steps_are_listed_in_their_order_without_loading_torch() -> None:
    steps = ["prepare", "fit", "calibrate", "evaluate", "export", "reproduce"]
    assert list(main.commands)[:6] == steps
    done = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["fit", "recipe.toml", "--bogus"],
        ["fit"],
        ["nothing"],
        ["evaluate", "transfer", "--split=train"],
        ["prepare", "--folder=a", "--archive=b.zip"],
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    assert exit_code(*arguments) == 2


def test_an_expected_error_is_one_sentence_and_exit_code_1(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["calibrate", "transfer", f"--runs={tmp_path}"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert "transfer is not a run. Start one with: python -m training fit RECIPE." in done.stderr


@pytest.mark.parametrize(
    ("arguments", "source"),
    [
        (["--url"], Source("url", COURSE_URL)),
        (["--url", "--to=elsewhere"], Source("url", COURSE_URL)),
        (["--url=https://example.org/a.zip"], Source("url", "https://example.org/a.zip")),
        (["--archive=a.zip"], Source("archive", Path("a.zip"))),
        (["--folder", "mine"], Source("image_folder", Path("mine"))),
    ],
)
def test_an_option_names_the_source(monkeypatch: pytest.MonkeyPatch, arguments: list[str], source: Source) -> None:
    asked: list[Source] = []

    class Summary:
        def summary(self) -> str:
            return ""

    def note(source: Source, *_: Any, **__: Any) -> Summary:
        asked.append(source)
        return Summary()

    monkeypatch.setattr(prepare, "prepare", note)
    assert exit_code("prepare", *arguments) == 0
    assert asked == [source]


def test_fit_says_what_is_wrong_before_it_loads_torch(tmp_path: Path) -> None:
    (tmp_path / "landmarks.toml").write_text('[home]\ncity = "Rome"\n')
    write_manifest(
        tmp_path / "manifest.csv", [Entry(tmp_path / "1.jpg", "a", "train", "landmark", "home", "", 9, 9)] * 2
    )
    arguments = ["fit", "transfer", "bundle=mine", f"landmarks={tmp_path / 'landmarks.toml'}", f"--data={tmp_path}"]
    start = f"import sys; from training.cli import main; main({arguments}, standalone_mode=False)"
    code = f"try:\n    {start}\nexcept Exception as error:\n    print(error, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("landmarks.toml: landmark 'home': name is missing False\n")


def test_a_bundle_of_your_own_never_replaces_the_shipped_one(tmp_path: Path) -> None:
    landmarks = tmp_path / "landmarks.toml"
    landmarks.write_text('[home]\nname = "Home"\n')
    done = CliRunner().invoke(main, ["reproduce", "transfer", "bundle=mine", f"landmarks={landmarks}"])
    assert (done.exit_code, "Name a folder for the bundle 'mine', such as --to my_bundle." in done.stderr) == (2, True)


def test_without_its_extra_a_step_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tagger.core.errors.find_spec", lambda _name: None)
    done = CliRunner().invoke(main, ["prepare"])
    assert (done.exit_code, install_command("train") in done.stderr) == (1, True)

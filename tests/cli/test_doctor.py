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
from tagger.ops import doctor
from tests.cli.conftest import Tagger
from tests.drawn import photos

COMMANDS = ("tag", "suggest", "query", "labels", "runs", "doctor", "bench", "train")


def test_a_sound_machine_is_in_order(tagger: Tagger, library: Path) -> None:
    before = tagger("doctor")
    assert before.returncode == 0
    assert "'tagger tag' creates it" in before.stdout
    tagger("tag", library)
    after = tagger("doctor").stdout
    for part in (
        "openvino",
        "verified, 3 landmarks; one look",
        "a grey picture shows none",
        "GB free",
        "is sound and up to date",
    ):
        assert part in after


def test_a_minimum_score_is_named(tagger: Tagger) -> None:
    assert "a tag needs a score of 0.8" in tagger("doctor", "--strict").stdout
    assert "a tag needs a score of 0.95" in tagger("doctor", TAGGER_MIN_SCORE="0.95").stdout
    assert "needs a score" not in tagger("doctor").stdout


def test_the_settings_file_and_the_newest_backup_are_named(tagger: Tagger, library: Path, tmp_path: Path) -> None:
    settings = tmp_path / "tagger.toml"
    settings.write_text(f'folders = ["{library}"]')
    tagger("tag", library)
    tagger("jobs", "run", "backup")
    done = tagger("doctor", "--config", settings)
    assert done.returncode == 0
    for part in (f"settings: {settings}", f"folders: {library}", "its newest backup is ", "jobs: backup done on"):
        assert part in done.stdout
    assert "settings: there is no settings file" in tagger("doctor").stdout


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({"TAGGER_BOT_TOKEN": "hush"}, "settings: The bot's token is malformed"),
        ({"TAGGER_BOT_TOKEN_FILE": "/none"}, "settings: /none, which should contain the bot's token, cannot be read"),
        ({"TAGGER_FOLDERS": '["/none"]'}, "folders: /none cannot be read (No such file or directory)"),
    ],
    ids=["token", "token file", "folder"],
)
def test_a_setting_that_cannot_work_is_a_problem(tagger: Tagger, environment: dict[str, str], problem: str) -> None:
    done = tagger("doctor", **environment)
    assert done.returncode == 1
    assert f"PROBLEM  {problem}" in done.stdout
    assert "hush" not in done.stdout


def test_an_empty_folder_may_be_a_drive_that_is_not_mounted(tagger: Tagger, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    done = tagger("doctor", TAGGER_FOLDERS=f'["{tmp_path}/photos"]')
    assert f"PROBLEM  folders: {tmp_path}/photos is empty: mount its drive" in done.stdout


def test_a_night_that_failed_is_a_problem_until_one_is_done(tagger: Tagger, library: Path) -> None:
    folders = f'["{library}", "{library}/none"]'
    assert tagger("jobs", "run", "nightly", TAGGER_FOLDERS=folders).returncode == 1
    done = tagger("doctor")
    assert done.returncode == 1
    assert "PROBLEM  jobs: nightly failed on" in done.stdout
    assert f"{library}/none does not exist" in done.stdout
    tagger("jobs", "run", "nightly", TAGGER_FOLDERS=f'["{library}"]')
    assert tagger("doctor").returncode == 0


def test_missing_support_for_heic_is_a_warning(tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_spec", lambda _package: None)
    done = tagger("doctor")
    assert done.returncode == 0
    assert "warning  formats: HEIC photos cannot be read; to read them: " in done.stdout


def test_damage_anywhere_in_the_database_is_found(tagger: Tagger, library: Path) -> None:
    photos(library, 400, start=12)
    tagger("tag", library)
    with (library.parent / "tags.sqlite").open("r+b") as database:
        database.seek(-3 * 4096, os.SEEK_END)
        database.write(os.urandom(4096))
    done = tagger("doctor")
    assert done.returncode == 1
    assert "PROBLEM  database: " in done.stdout
    assert "damaged" in done.stdout


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
    assert "contains no photos" in tagger("bench", tmp_path / "nothing").stderr


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

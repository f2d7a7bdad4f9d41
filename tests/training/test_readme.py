"""The README's commands for photos of your own run as they are written, on a network that is small."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tagger import cli
from tagger.model.bundle import open_bundle
from tagger.model.nets import NETWORKS
from tests.cli.conftest import process_unchanged
from tests.training.drawn import RECIPE
from tests.training.pictures import folder_of
from tests.training.tiny import Tiny
from training import cli as training
from training.fit.recipe_file import SHIPPED

README = Path(__file__).parents[2] / "README.md"
PROGRAMS: dict[tuple[str, ...], click.Command] = {("python", "-m", "training"): training.main, ("tagger",): cli.main}

pytestmark = pytest.mark.slow


def commands() -> Iterator[list[str]]:
    block = README.read_text().split("## Train a bundle of your own")[1].split("```")[1]
    for line in block.strip().splitlines():
        for command in line.split("#")[0].split("&&"):
            yield shlex.split(command)


def run(words: list[str]) -> str:
    """The output of a command of ours, which has to succeed."""
    ((program, command),) = [(p, c) for p, c in PROGRAMS.items() if tuple(words[: len(p)]) == p]
    arguments = [str(Path(word).expanduser()) if word.startswith("~") else word for word in words[len(program) :]]
    with process_unchanged():
        done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0, (words, done.output)
    return done.stdout


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with `my_photos/` and a home with `Pictures/`; the recipe `transfer` is tiny."""
    recipe = RECIPE.replace('name = "colours"\nbundle = "colours"', 'name = "transfer"\nbundle = "world"')
    (tmp_path / "tiny.toml").write_text(recipe)
    monkeypatch.setitem(SHIPPED, "transfer", tmp_path / "tiny.toml")
    monkeypatch.setitem(NETWORKS, "tiny", Tiny)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TAGGER_DB_URL", str(tmp_path / "tags.sqlite"))
    monkeypatch.chdir(tmp_path)
    folder_of(tmp_path / "my_photos", {"Käse": 20, "Кремль": 20, "长城": 20})
    folder_of(tmp_path / "Pictures", {"2024": 3})
    return tmp_path


def test_its_commands_make_a_bundle_that_tags(home: Path) -> None:
    for words in commands():
        run(words)
    card = open_bundle(home / "my_bundle").card
    assert (card.name, card.version) == ("my_places", "1")
    assert [(place.id, place.name) for place in card.classes] == [
        ("kase", "Käse"),
        ("kreml", "Кремль"),
        ("zhangcheng", "长城"),
    ]
    assert "my_places 1" in run(["tagger", "runs"])

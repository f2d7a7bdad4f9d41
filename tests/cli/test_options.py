"""Values of options: what is no value is wrong usage, and a shell completes them."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from tagger.cli import main
from tagger.cli.parameters import choices
from tagger.config.settings import Settings
from tagger.core import run_options
from tagger.core.version import __version__
from tests.cli.conftest import Tagger


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--engine", "abacus"), "'openvino'"),
        (("--precision", "int4"), "'bfloat16'"),
        (("--device", "gpu"), "Write auto, cpu, cuda or cuda:0."),
        (("-k", "0"), "is not in the range"),
        (("-k", 9**30), "is not in the range"),
    ],
)
def test_a_value_that_cannot_be_is_wrong_usage(
    tagger: Tagger, library: Path, arguments: tuple[object, ...], sentence: str
) -> None:
    for command in (("tag", library), ("suggest", library / "00000.jpg")):
        done = tagger(*command, *arguments)
        assert (done.returncode, "Usage: tagger" in done.stderr, sentence in done.stderr) == (2, True, True)


def test_options_offer_what_the_settings_allow() -> None:
    for name, choice in (("engine", choices.ENGINE), ("precision", choices.PRECISION)):
        assert tuple(choice.choices) == get_args(Settings.model_fields[name].annotation)
    assert choices.STRICT_SCORE == run_options.STRICT_SCORE


def completed(tagger: Tagger, words: str) -> list[str]:
    """What a bash offers after these words."""
    count = str(len(words.split(" ")) - 1)
    done = tagger(_TAGGER_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=count)
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


def test_a_shell_completes_landmarks_countries_engines_and_jobs(tagger: Tagger, library: Path) -> None:
    assert completed(tagger, "tagger query r") == ["red_rock"]
    assert completed(tagger, "tagger tag --engine o") == ["openvino"]
    assert completed(tagger, "tagger tag --device cu") == ["cuda", "cuda:0"]
    assert completed(tagger, "tagger jobs run ba") == ["backup"]
    tagger("tag", library)
    assert completed(tagger, "tagger query Blue") == ["blue_lake"]
    assert completed(tagger, "tagger query --country no") == ["Nowhere"]


def test_a_completion_that_cannot_read_the_settings_offers_nothing(tagger: Tagger) -> None:
    assert completed(tagger, "tagger query --config /nowhere.toml r") == []


def test_a_shell_s_script_is_printed(tagger: Tagger) -> None:
    assert "complete" in tagger(_TAGGER_COMPLETE="zsh_source").stdout
    assert main.name is not None
    assert __version__ in tagger("--version").stdout

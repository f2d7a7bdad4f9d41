"""Commands that list, and have subcommands: what is given before the subcommand's name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app.conftest import Tagger, lines


def test_a_database_named_before_the_subcommand_is_the_one_that_is_used(tagger: Tagger, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    assert tagger("jobs", "--db", other, "run", "digest").returncode == 0
    assert (other.exists(), (tmp_path / "tags.sqlite").exists()) == (True, False)
    for subcommand in ("show", "undo"):
        done = tagger("runs", "--db", tmp_path / "none.sqlite", subcommand, 1)
        assert (done.returncode, "none.sqlite" in done.stderr) == (1, True)


def test_a_settings_file_named_before_the_subcommand_is_read(tagger: Tagger, tmp_path: Path) -> None:
    done = tagger("jobs", "--config", tmp_path / "none.toml", "run", "digest")
    assert (done.returncode, "none.toml" in done.stderr) == (1, True)


def test_the_option_after_the_subcommand_counts(tagger: Tagger, tmp_path: Path) -> None:
    first, second = tmp_path / "first.sqlite", tmp_path / "second.sqlite"
    assert tagger("jobs", "--db", first, "run", "digest", "--db", second).returncode == 0
    assert (first.exists(), second.exists()) == (False, True)


def test_json_may_be_asked_for_before_the_subcommand(tagger: Tagger, library: Path) -> None:
    tagger("tag", library)
    assert json.loads(tagger("runs", "--json", "show", 1).stdout)["run"] == 1
    assert lines(tagger("runs", "--json"))[0]["id"] == 1


@pytest.mark.parametrize(
    "arguments", [("runs", "--limit", 1, "show", 1), ("runs", "--json", "undo", 1), ("jobs", "--json", "run", "digest")]
)
def test_an_option_that_the_subcommand_has_not_is_wrong_usage(tagger: Tagger, arguments: tuple[object, ...]) -> None:
    done = tagger(*arguments)
    assert (done.returncode, f"{arguments[1]} does not go together with" in done.stderr) == (2, True)

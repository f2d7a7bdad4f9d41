"""`tagger teach` and `tagger taught`, as a person types them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bot.running import RED, picture, teachable_bundle
from tests.cli.conftest import Tagger

VIOLET = (200, 40, 200)


@pytest.fixture
def own(tmp_path: Path) -> dict[str, str]:
    """The environment: nothing but a model that can learn."""
    return {"TAGGER_BUNDLE": str(teachable_bundle(tmp_path))}


def photos(folder: Path, colour: tuple[int, int, int], count: int = 3) -> list[Path]:
    paths = [folder / f"{colour[0]}-{number}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(picture(colour, number))
    return paths


def test_options_work_before_and_after_the_subcommand(tagger: Tagger, tmp_path: Path) -> None:
    database = ("--db", tmp_path / "own.sqlite")
    assert tagger("teach", "Cabin", *photos(tmp_path, VIOLET), *database).returncode == 0
    after, before = tagger("taught", "test", "Cabin", *database), tagger("taught", *database, "test", "Cabin")
    assert (after.returncode, len(after.stdout.splitlines()), before.stdout) == (0, 3, after.stdout)
    assert tagger("taught", "remove", "Cabin", *database).stderr == "Removed Cabin.\n"
    assert tagger("taught", *database).stdout == ""
    refused = tagger("taught", "--json", "remove", "Cabin")
    assert (refused.returncode, "--json cannot be used with 'remove'" in refused.stderr) == (2, True)


def test_whoever_teaches_a_landmark_under_another_name_is_told_how_to_take_it_back(
    tagger: Tagger, tmp_path: Path
) -> None:
    database = ("--db", tmp_path / "own.sqlite")
    taught = tagger("teach", "Ann's tower", *photos(tmp_path, RED), *database)
    assert (
        "3 of these 3 photos are already tagged Eiffel Tower. If that is right, forget the new place: " in taught.stderr
    )
    assert """tagger taught remove 'Ann'"'"'s tower'""" in taught.stderr
    assert "already tagged" not in tagger("teach", "Cabin", *photos(tmp_path, VIOLET), *database).stderr


def test_a_library_that_the_model_has_not_seen_has_no_unknown_places_and_says_why(
    tagger: Tagger, tmp_path: Path
) -> None:
    database = ("--db", tmp_path / "own.sqlite")
    tagger("teach", "Cabin", *photos(tmp_path, VIOLET), *database)
    asked = tagger("unknown", *database)
    assert (asked.returncode, "This model has seen no photo of the library" in asked.stderr) == (1, True)

"""Folders on the command line: those of the settings, the empty string, and what became of a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Tagger, lines
from tests.drawn import photos


def test_without_a_folder_those_of_the_settings_are_tagged(tagger: Tagger, library: Path, tmp_path: Path) -> None:
    folders = json.dumps([str(library), str(tmp_path / "unplugged")])
    done = tagger("tag", TAGGER_FOLDERS=folders)
    assert (done.returncode, "9 tagged" in done.stderr) == (0, True)
    assert "unplugged does not exist; the run continues without it" in done.stderr


@pytest.mark.parametrize("command", ["tag", "watch"])
def test_without_any_folder_it_is_said_how_to_name_one(tagger: Tagger, command: str) -> None:
    done = tagger(command)
    assert (done.returncode, 'folders = ["~/Pictures"]' in done.stderr) == (2, True)


@pytest.mark.parametrize("command", ["tag", "watch", "bench", "query --under", "forget", "move"])
def test_an_empty_string_is_no_folder(tagger: Tagger, command: str) -> None:
    done = tagger(*command.split(), "", *["new"] * (command == "move"))
    assert (done.returncode, "an empty string is not a folder" in done.stderr) == (2, True)


def test_an_empty_string_is_no_photo(tagger: Tagger) -> None:
    done = tagger("suggest", "")
    assert (done.returncode, "an empty string is not a photo" in done.stderr) == (2, True)


def test_an_empty_string_in_the_settings_is_no_folder(tagger: Tagger) -> None:
    done = tagger("tag", TAGGER_FOLDERS='[""]')
    assert (done.returncode, "an empty string is not a folder" in done.stderr) == (1, True)


def test_a_folder_that_the_database_does_not_have_is_named(tagger: Tagger, library: Path) -> None:
    tagger("tag", library)
    for command in (("query", "--under"), ("query", "--none", "--under"), ("forget",)):
        done = tagger(*command, library / "nowhere")
        assert (done.returncode, done.stdout) == (1, "")
        assert f"The database has no files below '{library / 'nowhere'}'" in done.stderr


def test_a_folder_whose_files_are_all_gone_is_named_with_the_option_that_lists_them(
    tagger: Tagger, library: Path
) -> None:
    trip = library / "trip"
    photos(trip, 2, start=100)
    tagger("tag", library)
    for photo in trip.iterdir():
        photo.unlink()
    tagger("tag", library, "--accept-gone")
    done = tagger("query", "--under", trip)
    assert (done.returncode, "Add --gone to list them" in done.stderr) == (1, True)
    assert len(lines(tagger("query", "--under", trip, "--gone", "--json"))) == 2


def test_a_moved_and_a_forgotten_folder(tagger: Tagger, library: Path) -> None:
    tagger("tag", library)
    renamed = library.rename(library.with_name("renamed"))
    done = tagger("move", library, f"{renamed}/")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"Moved 12 files in the database to {renamed}\n")
    assert {Path(line["path"]).parent for line in lines(tagger("query", "--json"))} == {renamed}
    assert "12 unchanged" in tagger("tag", renamed).stderr
    done = tagger("forget", renamed, TAGGER_FOLDERS=json.dumps([str(renamed)]))
    assert "Removed 12 files and 12 photos from the database." in done.stderr
    assert "The setting folders still names it" in done.stderr
    assert lines(tagger("query", "--json")) == []


def test_a_folder_may_be_renamed_in_the_database_before_it_is_on_the_disk(tagger: Tagger, library: Path) -> None:
    tagger("tag", library)
    renamed = library.with_name("renamed")
    assert "renamed does not exist yet" in tagger("move", library, renamed).stderr
    library.rename(renamed)
    assert "12 unchanged" in tagger("tag", renamed).stderr


def test_moved_and_excluded_files_are_told_apart_from_gone_ones(tagger: Tagger, library: Path) -> None:
    tagger("tag", library)
    (library / "trip").mkdir()
    (library / "00000.jpg").rename(library / "trip" / "moved.jpg")
    (library / "00001.jpg").unlink()
    assert "1 gone, 1 moved, 1 excluded" in tagger("tag", library, "--exclude", "00002.jpg").stderr
    assert "1 gone, 1 moved, 1 excluded" in tagger("runs").stdout
    counts = lines(tagger("runs", "--json"))[0]["counts"]
    assert (counts["gone"], counts["moved"], counts["excluded"]) == (1, 1, 1)


def test_a_link_to_a_folder_finds_its_photos(tagger: Tagger, library: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(library)
    tagger("tag", library)
    assert len(lines(tagger("query", "--under", tmp_path / "link", "--json"))) == 9

"""Decisions from Python: the functions of the package root do what the commands do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

import tagger
from tests.cli.conftest import Tagger as Command
from tests.cli.conftest import lines


@pytest.fixture
def command(request: pytest.FixtureRequest) -> Command:
    """Runs `tagger …`, whose name the package has here."""
    run: Command = request.getfixturevalue("tagger")
    return run


@pytest.fixture
def database(command: Command, library: Path, own: dict[str, str]) -> str:
    command("tag", library)
    return own["TAGGER_DB_URL"]


def shown(command: Command) -> dict[str, str]:
    return {Path(hit["path"]).name: hit["landmark"] for hit in lines(command("query", "--json"))}


def test_a_decision_from_python_counts_until_it_is_undone(command: Command, database: str, library: Path) -> None:
    before, photo = shown(command), library / "00000.jpg"
    tagger.decide(photo, shows="Blue Lake", who="ann", db_url=database)
    assert shown(command)["00000.jpg"] == "blue_lake"
    tagger.decide([photo, os.fspath(library / "00001.jpg")], shows_none=True, who="ann", db_url=database)
    assert before.keys() - shown(command).keys() == {"00000.jpg", "00001.jpg"}
    assert tagger.undo_decisions([photo, library / "00001.jpg"], who="ann", db_url=database) == 2
    tagger.decide(photo, shows_not=["red_rock"], who="ann", db_url=database)
    assert before.keys() - shown(command).keys() == {"00000.jpg"}


def test_decisions_move_between_databases(command: Command, database: str, library: Path, tmp_path: Path) -> None:
    tagger.decide(library / "00000.jpg", shows=["blue_lake", "red_rock"], who="ann", db_url=database)
    file = tmp_path / "decisions.csv"
    assert tagger.export_decisions(file, db_url=database) == 2
    assert file.read_text().splitlines()[1].split(",")[5] == "python"
    other = str(tmp_path / "other.sqlite")
    command("tag", library, TAGGER_DB_URL=other)
    done = tagger.import_decisions(file, db_url=other)
    assert (done.added, done.known, done.unknown_photos) == (2, 0, 0)
    assert tagger.import_decisions(file, db_url=other).known == 2


def test_keywords_become_decisions(command: Command, library: Path, tmp_path: Path) -> None:
    image, exif = Image.new("RGB", (40, 40), (220, 30, 30)), Image.Exif()
    exif[0x9C9E] = "Blue Lake\0".encode("utf-16-le")  # XPKeywords
    image.save(library / "named.jpg", exif=exif)
    database = str(tmp_path / "tags.sqlite")
    command("tag", library, TAGGER_DB_URL=database)
    done = tagger.import_keywords(library, who="ann", db_url=database)
    assert (done.named, done.added, done.unread) == (1, 1, [])


def test_what_cannot_be_decided_is_an_error(database: str, library: Path, tmp_path: Path) -> None:
    photo = library / "00000.jpg"
    with pytest.raises(ValueError, match="give one of"):
        tagger.decide(photo, shows="red_rock", shows_none=True, db_url=database)
    with pytest.raises(tagger.TaggerError, match="Did you mean 'red_rock'"):
        tagger.decide(photo, shows="red_rok", db_url=database)
    with pytest.raises(tagger.TaggerError, match="There is no database"):
        tagger.undo_decisions(photo, db_url=str(tmp_path / "none.sqlite"))


def test_the_review_queue_yields_what_nobody_decided_about(command: Command, database: str, library: Path) -> None:
    tagger.decide(library / "00000.jpg", shows="blue_lake", who="ann", db_url=database)
    queue = list(tagger.review_queue("landmark:red* OR landmark:green*", folders=library, db_url=database))
    assert {Path(photo.path).name for photo in queue} == {
        "00001.jpg",
        "00004.jpg",
        "00005.jpg",
        "00008.jpg",
        "00009.jpg",
    }
    assert queue[0].margin <= queue[-1].margin and queue[0].best.landmark.id in ("red_rock", "green_hill")
    assert list(tagger.review_queue("landmark:blue_lake", unsure=True, db_url=database)) == []
    assert command("query", "--json").returncode == 0
    with pytest.raises(tagger.TaggerError, match="no files below"):
        next(tagger.review_queue(folders=library.parent / "other", db_url=database))

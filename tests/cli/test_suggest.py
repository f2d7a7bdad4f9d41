"""`tagger suggest`: one-off answers, no database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from tagger.cli import main
from tests.cli.conftest import Tagger, lines
from tests.drawn import encoded

LIKELY = (181, 71, 71)  # scored 0.75


def test_a_photo_gets_its_name_place_and_score(tagger: Tagger, library: Path, tmp_path: Path) -> None:
    done = tagger("suggest", library / "00001.jpg", "-k", 2)
    headline, first, second = done.stdout.splitlines()
    assert headline == f"{library / '00001.jpg'}: Green Hill"
    assert first.split()[0] == "1"
    assert "%  Green Hill, Nowhere (20.0, 40.0)" in first
    assert second.split()[0] == "2"
    assert not (tmp_path / "tags.sqlite").exists()


def test_below_the_threshold_the_answer_is_honest(tagger: Tagger, library: Path) -> None:
    assert "no known landmark; the nearest are" in tagger("suggest", library / "00003.jpg").stdout


def test_json_has_the_shape_of_tag(tagger: Tagger, library: Path) -> None:
    (suggested,) = lines(tagger("suggest", library / "00000.jpg", "--json"))
    assert suggested == lines(tagger("tag", library / "00000.jpg", "--json"))[0]


def test_a_bad_photo_is_said_to_be_bad(tagger: Tagger, library: Path) -> None:
    (library / "bad.jpg").write_text("no photo")
    done = tagger("suggest", library / "bad.jpg", library / "00000.jpg")
    assert done.returncode == 3
    assert "bad.jpg: not an image of a known format (unsupported)" in done.stdout
    assert "Red Rock" in done.stdout


def test_a_folder_is_the_photos_in_it(
    tagger: Tagger, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (library / "notes.txt").touch()
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    done = tagger("suggest", "library", "empty", library / "00000.jpg", "--json")
    assert [line["path"] for line in lines(done)] == [
        *(f"library/{number:05}.jpg" for number in range(12)),
        str(library / "00000.jpg"),
    ]
    assert "empty contains no photos." in done.stderr


def test_a_photo_comes_from_standard_input(tagger: Tagger, library: Path, own: dict[str, str]) -> None:
    data = (library / "00001.jpg").read_bytes()
    (expected,) = lines(tagger("suggest", library / "00001.jpg", "--json"))
    done = CliRunner().invoke(main, ["suggest", "-", "--json"], data, own)
    assert json.loads(done.stdout) == expected | {"path": "-"}
    too_large = CliRunner().invoke(main, ["suggest", "-"], data, own | {"TAGGER_MAX_FILE_BYTES": "100"})
    assert (too_large.exit_code, "(too_large)" in too_large.stdout) == (3, True)
    nothing = CliRunner().invoke(main, ["suggest", "-"], b"", own)
    assert (nothing.exit_code, nothing.stdout) == (3, "-: the file is empty (empty)\n")


def test_a_strict_answer_needs_a_higher_score_and_says_so(tagger: Tagger, tmp_path: Path) -> None:
    photo = tmp_path / "likely.png"
    photo.write_bytes(encoded(Image.new("RGB", (64, 48), LIKELY), "PNG"))
    (usual,) = lines(tagger("suggest", photo, "--json"))
    (strict,) = lines(tagger("suggest", photo, "--json", "--strict"))
    assert (usual["status"], strict["status"], strict["min_score"]) == ("tagged", "none", 0.8)
    assert usual["suggestions"] == strict["suggestions"]
    assert lines(tagger("suggest", photo, "--json", TAGGER_MIN_SCORE="0.5")) == [usual | {"min_score": 0.5}]

"""`tagger query`, `labels` and `runs`: what was stored is found again."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from tagger.cli import main
from tagger.model.bundle import shipped_folder
from tests.cli.conftest import Tagger, lines
from tests.drawn import encoded, jpeg, photos
from tests.image.test_phash import picture


@pytest.fixture
def names(tagger: Tagger, library: Path) -> Callable[..., list[str]]:
    """A tagged library: twelve photos, one of them dated, in two folders, and one broken file."""
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2019:07:01 12:00:00"
    (library / "2019").mkdir()
    (library / "2019" / "old.jpg").write_bytes(jpeg(exif=exif))
    (library / "broken.jpg").write_text("no photo")
    assert tagger("tag", library).returncode == 3

    def query(*arguments: object) -> list[str]:
        return [os.path.basename(row["path"]) for row in lines(tagger("query", *arguments, "--json"))]

    return query


def test_a_landmark_is_found_by_id_and_by_name(names: Callable[..., list[str]]) -> None:
    assert names("red_rock") == ["00000.jpg", "00004.jpg", "00008.jpg", "old.jpg"]
    assert names("Red Rock") == names("red_rock")


def test_several_landmarks_are_listed_together(names: Callable[..., list[str]]) -> None:
    assert sorted(names("red_rock", "blue lake")) == sorted(names("red_rock") + names("blue_lake"))


def test_filters_narrow_the_listing(names: Callable[..., list[str]], library: Path) -> None:
    assert len(names()) == 10
    assert names("--under", library / "2019") == ["old.jpg"]
    assert names("--until", "2019-07-01") == ["old.jpg"]
    assert names("--until", "2019-06-30") == []
    assert "old.jpg" not in names("red_rock", "--min-score", "0.8", "--since", "2024-01-01")
    assert names("--min-score", "1") == []
    assert len(names("--country", "nowhere", "--run", 1, "--model", "colours")) == 10
    assert len(names("--tagged-since", "2020-01-01")) == 10
    assert names("--tagged-until", "2020-01-01") == []
    assert (
        names("--since", "2019", "--until", "2019") == names("--since", "2019-07", "--until", "2019-07") == ["old.jpg"]
    )
    assert len(names("--tagged-since", "yesterday")) == 10
    assert len(names("--country", "nowhere", "--country", "NOWHERE")) == 10
    assert names("--limit", 2) == ["00000.jpg", "00001.jpg"]


def test_nones_and_failures_are_different_answers(names: Callable[..., list[str]]) -> None:
    assert names("--none") == ["00003.jpg", "00007.jpg", "00011.jpg"]
    assert names("--failed") == ["broken.jpg"]


def test_of_photos_that_look_the_same_one_is_listed_with_how_many_it_stands_for(tagger: Tagger, tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    for name, width in (("copy.jpg", 350), ("original.jpg", 700)):
        picture(1).resize((width, width)).save(tmp_path / "library" / name)
    (tmp_path / "library" / "twin.jpg").write_bytes((tmp_path / "library" / "original.jpg").read_bytes())
    tagger("tag", tmp_path / "library")
    (row,) = lines(tagger("query", "--none", "--unique", "--json"))
    assert (os.path.basename(row["path"]), row["others"]) == ("original.jpg", 2)
    assert "original.jpg  (+2)" in tagger("query", "--none", "--unique").stdout
    assert tagger("query", "--failed", "--unique").returncode == 2


def test_a_tag_tells_its_reason(tagger: Tagger, tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (10.0, 0.0, 0.0), 3: "E", 4: (20.0, 0.6, 0.0)})
    (tmp_path / "library" / "rock.jpg").write_bytes(jpeg(exif=exif))
    (written,) = lines(tagger("tag", tmp_path / "library", "--json"))
    (row,) = lines(tagger("query", "--json"))
    assert row["reason"] == written["suggestions"][0]["reason"] == {"kind": "near", "km": 1.095}
    assert row["visual_score"] < row["score"]
    assert "rock.jpg  (taken 1.1 km away)" in tagger("query").stdout
    (cell,) = csv.DictReader(tagger("query", "--csv").stdout.splitlines())
    assert json.loads(cell["reason"]) == row["reason"]
    photo = tmp_path / "library" / "rock.jpg"
    assert "taken 1.1 km away" in tagger("suggest", photo).stdout
    assert "km away" not in tagger("suggest", photo, "--no-gps").stdout


@pytest.mark.usefixtures("names")
def test_a_typo_suggests_the_nearest(tagger: Tagger) -> None:
    done = tagger("query", "red_rok")
    assert done.returncode == 1
    assert "Did you mean 'red_rock'" in done.stderr


@pytest.mark.usefixtures("names")
def test_people_get_a_table_and_programs_csv(tagger: Tagger, library: Path) -> None:
    first = tagger("query", "--limit", 1).stdout
    assert "Red Rock, Nowhere" in first
    assert str(library / "00000.jpg") in first
    rows = list(csv.DictReader(tagger("query", "--csv").stdout.splitlines()))
    assert len(rows) == 10
    assert (rows[0]["path"], rows[0]["landmark"], rows[0]["source"]) == (
        str(library / "00000.jpg"), "red_rock", "machine",
    )  # fmt: skip


@pytest.mark.usefixtures("names")
def test_filters_that_exclude_each_other_are_wrong_usage(tagger: Tagger) -> None:
    done = tagger("query", "--failed", "--country", "France")
    assert done.returncode == 2
    assert "--country" in done.stderr
    assert tagger("query", "--votes", "--run", 1).returncode == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--none", "--failed"),
        ("--none", "--votes"),
        ("--votes", "--summary", "year"),
        ("--json", "--csv"),
        ("--since", "last summer"),
        ("--limit", 9**30),
        ("--summary", "camera"),
        ("--summary", "country", "--none"),
        ("--summary", "year", "--failed"),
        ("--until", "9999-12-31"),
        ("--tagged-since", "0001-01-01"),
        ("--run", "0"),
        ("--run", 9**30),
    ],
)
def test_what_makes_no_sense_is_wrong_usage(tagger: Tagger, arguments: tuple[str, ...]) -> None:
    done = tagger("query", *arguments)
    assert done.returncode == 2
    assert "Usage" in done.stderr


@pytest.mark.usefixtures("names")
def test_a_summary_counts_photos(tagger: Tagger) -> None:
    rows = lines(tagger("query", "--summary", "landmark", "--json"))
    assert rows[0] == {"key": "red_rock", "name": "Red Rock", "photos": 4}
    assert tagger("query", "--summary", "country", "--csv").stdout.splitlines() == ["key,name,photos", "Nowhere,,10"]
    assert tagger("query", "--until", "2019", "--summary", "year").stdout == "     1  2019\n"
    assert [row["photos"] for row in lines(tagger("query", "--none", "--summary", "year", "--json"))] == [3]


@pytest.mark.usefixtures("names")
def test_csv_has_its_header_even_above_nothing(tagger: Tagger) -> None:
    assert tagger("query", "--csv", "--min-score", "1").stdout.startswith("path,sha256,taken_at,landmark,")
    assert tagger("query", "--csv", "--failed").stdout.startswith("path,kind,message")


def test_a_secret_in_a_database_url_is_not_repeated(tagger: Tagger) -> None:
    for url in (
        "postgresql://ann:secret@host/tags",
        "mysql://host/tags?password=secret",
        "sqlite://?key=secret",
        "a://b:c?secret",
    ):
        for command in ("query", "labels", "doctor", "runs"):
            done = tagger(command, "--db", url)
            assert done.returncode == 1
            assert "secret" not in done.stdout + done.stderr
    done = tagger("doctor", TAGGER_BOT_API_URL="https://host/?token=secret")
    assert (done.returncode, "secret" in done.stderr, "https://host/?…" in done.stderr) == (1, False, True)


def test_without_a_database_the_next_step_is_named(tagger: Tagger, tmp_path: Path) -> None:
    done = tagger("query")
    assert done.returncode == 1
    assert "tagger tag" in done.stderr
    assert not (tmp_path / "tags.sqlite").exists()


def test_labels_count_photos_and_work_without_a_database(tagger: Tagger, library: Path) -> None:
    assert [row["photos"] for row in lines(tagger("labels", "--json"))] == [0, 0, 0]
    tagger("tag", library)
    assert [(row["landmark"]["key"], row["photos"]) for row in lines(tagger("labels", "--json"))] == [
        ("red_rock", 3), ("green_hill", 3), ("blue_lake", 3),
    ]  # fmt: skip
    assert "Red Rock, Nowhere" in tagger("labels").stdout


def test_a_name_with_letters_that_the_terminal_lacks_is_listed(own: dict[str, str]) -> None:
    model = {"TAGGER_BUNDLE": str(shipped_folder())}
    done = CliRunner(charset="latin-1").invoke(main, ["labels"], env=own | model)
    assert done.exit_code == 0, done.exception
    assert r"H\u1ea1 Long Bay, " in done.stdout


def test_runs_tell_when_how_many_and_on_what(tagger: Tagger, library: Path) -> None:
    tagger("tag", library)
    photos(library, 2, start=12)
    tagger("tag", library)
    second, first = lines(tagger("runs", "--json"))
    assert (first["status"], first["counts"]["tagged"], first["start"]["engine"]) == ("done", 9, "openvino")
    assert (second["counts"]["unchanged"], second["counts"]["tagged"]) == (12, 2)
    assert "12 unchanged" in tagger("runs").stdout


def test_a_database_that_is_none_is_an_error(tagger: Tagger, tmp_path: Path) -> None:
    (tmp_path / "tags.sqlite").write_bytes(encoded(Image.new("RGB", (99, 99)), "PNG"))
    done = tagger("query")
    assert done.returncode == 1
    assert "tags.sqlite" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_query_narrows_the_listing(names: Callable[..., list[str]], library: Path) -> None:
    assert names("landmark:red* taken:2019") == names("landmark:red*", "taken:2019") == ["old.jpg"]
    assert names(f"folder:{library}/2019") == names(f"folder:{library}/2019/", "--limit", 3) == ["old.jpg"]
    assert names("taken:2019", "--since", "2020") == []
    assert names("status:failed") == ["broken.jpg"]
    assert len(names("status:tagged OR kind:*")) == 11
    assert names("--none", "file:00003*") == names("status:none file:00003*")


def test_a_country_in_a_query_has_any_name(names: Callable[..., list[str]]) -> None:
    assert names("country:nowhere") == names("--country", "nowhere")


def test_a_listing_of_several_statuses_has_the_columns_of_all(names: Callable[..., list[str]], tagger: Tagger) -> None:
    assert names("status:failed")
    rows = list(csv.DictReader(tagger("query", "status:tagged OR status:failed", "--csv").stdout.splitlines()))
    assert {(row["status"], bool(row["landmark"]), bool(row["kind"])) for row in rows} == {
        ("tagged", True, False),
        ("failed", False, True),
    }
    printed = tagger("query", "status:tagged OR status:failed").stdout
    assert {line.split()[0] for line in printed.splitlines()} == {"tagged", "failed"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["landmark:red contry:x"], "Did you mean 'country'?"),
        (["folder:/nowhere"], "/nowhere"),
        (["country:Nowheer"], "Did you mean 'Nowhere'"),
    ],
)
def test_a_mistake_in_a_query_is_explained(
    names: Callable[..., list[str]], tagger: Tagger, arguments: list[str], sentence: str
) -> None:
    assert names("status:failed")
    answer = tagger("query", *arguments)
    assert answer.returncode == 1
    assert sentence in answer.stderr


def test_only_photos_of_one_status_are_counted(names: Callable[..., list[str]], tagger: Tagger) -> None:
    assert names("status:failed")
    assert tagger("query", "landmark:red*", "--summary", "country").stdout.split() == ["4", "Nowhere"]
    assert tagger("query", "status:failed", "--summary", "year").returncode == 2
    assert tagger("query", "status:none", "--summary", "country").returncode == 2

"""`tagger export` on the command line: what is in it, and where it goes."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pyarrow import parquet
from sqlalchemy import update

from db.engine import Store
from db.schema.models import Photo
from tagger.cli.parameters.choices import EXPORT_FORMAT
from tagger.export import tags
from tagger.export.formats import FORMATS
from tests.cli.conftest import Tagger, lines
from tests.db.samples import assessed, decide, digest, failed, tag_run


@pytest.fixture
def stored(store: Store) -> None:
    """Two photos of the Eiffel Tower, one of them with coordinates, one decided by a person, and two others."""
    photos = [
        assessed("/p/a.jpg"),
        assessed("/p/b.jpg"),
        assessed("/p/c.jpg", None),
        assessed("/p/d.jpg", "machu_picchu"),
        failed("/p/e.jpg"),
    ]
    tag_run(store, photos)
    decide(store, digest("d.jpg"), "shows", "sacre_coeur")
    with store.write() as connection:
        connection.execute(update(Photo).where(Photo.sha256 == digest("a.jpg")).values(lat=48.86, lon=2.29))
    store.close()


@pytest.mark.usefixtures("stored")
def test_a_row_is_that_of_the_query_with_its_position(tagger: Tagger) -> None:
    rows = lines(tagger("export", "--as", "ndjson"))
    for row, hit in zip(rows, lines(tagger("query", "--json")), strict=True):
        assert hit.items() <= row.items()
    assert [(row["position_lat"], row["position_lon"], row["position_from"]) for row in rows] == [
        (48.86, 2.29, "photo"),
        (48.858, 2.294, "landmark"),
        (48.886, 2.343, "landmark"),
    ]


@pytest.mark.usefixtures("stored")
def test_a_query_finds_photos_of_any_status_and_state(tagger: Tagger) -> None:
    done = tagger("export", "--as", "ndjson", "status:none OR status:failed OR state:corrected")
    assert [(row["path"], row["status"], row["state"], row["landmark"], row["failure"]) for row in lines(done)] == [
        ("/p/c.jpg", "none", "unreviewed", None, None),
        ("/p/d.jpg", "tagged", "corrected", "sacre_coeur", None),
        ("/p/e.jpg", "failed", None, None, "truncated"),
    ]
    assert done.stderr == "Exported 3 rows of 3 photos.\n"
    wrong = tagger("export", "--as", "csv", "satus:none")
    assert (wrong.returncode, "status" in wrong.stderr, wrong.stdout) == (1, True, "")


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("options", [("--unique",), ("--model", "lite"), ("--gone",), ("--under", "/p", "--run", "1")])
def test_the_options_of_the_query_mean_the_same(tagger: Tagger, options: tuple[str, ...]) -> None:
    exported = lines(tagger("export", "--as", "ndjson", *options))
    found = lines(tagger("query", "--json", *options))
    assert exported
    assert [hit.items() <= row.items() for row, hit in zip(exported, found, strict=True)] == [True] * len(found)


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("format", sorted({*FORMATS} - {"parquet"}))
def test_what_is_written_to_a_file_and_to_stdout_is_the_same(tagger: Tagger, tmp_path: Path, format: str) -> None:
    done = tagger("export", "--as", format, "eiffel_tower", "--output", tmp_path / "out")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"Exported 2 rows of 2 photos to {tmp_path / 'out'}.\n"
    printed = tagger("export", "--as", format, "eiffel_tower", "--output", "-")
    assert (printed.stdout, printed.stderr) == ((tmp_path / "out").read_text(), "Exported 2 rows of 2 photos.\n")


def test_photos_without_a_position_are_left_out_of_places_and_counted(tagger: Tagger, store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg"), assessed("/p/b.jpg"), assessed("/p/c.jpg", "machu_picchu")])
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE landmark SET lat = NULL, lon = NULL WHERE key = 'eiffel_tower'")
    done = tagger("export", "--as", "geojson")
    assert [feature["properties"]["path"] for feature in json.loads(done.stdout)["features"]] == ["/p/c.jpg"]
    assert done.stderr == "Exported 1 row of 1 photo. Left out for lack of a position: 2 photos.\n"
    assert len(tagger("export", "--as", "ndjson").stdout.splitlines()) == 3


@pytest.mark.usefixtures("stored")
def test_a_file_is_replaced_only_when_the_new_one_is_complete(
    tagger: Tagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out").mkdir()
    file = tmp_path / "out" / "tags.csv"
    file.write_text("earlier")
    file.chmod(0o640)

    def broken(*_arguments: object) -> None:
        assert file.read_text() == "earlier"
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(tags, "rows_of_tags", broken)
        done = tagger("export", "--as", "csv", "--output", file)
    assert (done.returncode, "disk space" in done.stderr) == (1, True)
    assert ([*file.parent.iterdir()], file.read_text()) == ([file], "earlier")
    assert tagger("export", "--as", "csv", "--output", file).returncode == 0
    assert ([*file.parent.iterdir()], file.stat().st_mode & 0o777) == ([file], 0o640)
    assert len(list(csv.reader(file.read_text().splitlines()))) == 4


@pytest.mark.usefixtures("stored", "terminal")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_interrupted_export_leaves_the_earlier_file_and_nothing_else(
    tagger: Tagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    (tmp_path / "out").mkdir()
    file = tmp_path / "out" / "tags.csv"
    file.write_text("earlier")
    monkeypatch.setattr(tags, "rows_of_tags", lambda *_: signal.raise_signal(number))
    done = tagger("export", "--as", "csv", "--output", file)
    assert (done.returncode, done.stderr) == (130, "Stopped. Nothing was written.\n")
    assert ([*file.parent.iterdir()], file.read_text()) == ([file], "earlier")


@pytest.mark.usefixtures("stored")
def test_a_link_stays_a_link_and_a_device_a_device(tagger: Tagger, tmp_path: Path) -> None:
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    link.symlink_to(target)
    assert tagger("export", "--as", "csv", "--output", link).returncode == 0
    assert (link.is_symlink(), target.read_text().count("\n")) == (True, 4)
    assert tagger("export", "--as", "csv", "--output", os.devnull).returncode == 0
    assert Path(os.devnull).is_char_device()


@pytest.mark.usefixtures("stored")
def test_a_file_that_cannot_be_written_is_named(tagger: Tagger, tmp_path: Path) -> None:
    for output, problem in (
        (tmp_path / "none" / "tags.csv", "No such file or directory"),
        (tmp_path, "Is a directory"),
    ):
        done = tagger("export", "--as", "csv", "--output", output)
        assert (done.returncode, done.stderr) == (1, f"Error: {output}: {problem}.\n")


@pytest.mark.usefixtures("stored")
def test_an_unknown_landmark_is_an_error_before_a_byte_is_written(tagger: Tagger, tmp_path: Path) -> None:
    (tmp_path / "tags.csv").write_text("earlier")
    done = tagger("export", "--as", "csv", "eifel")
    assert (done.returncode, done.stdout) == (1, "")
    done = tagger("export", "--as", "csv", "eifel", "--output", tmp_path / "tags.csv")
    assert (done.returncode, "eiffel_tower" in done.stderr) == (1, True)
    assert (tmp_path / "tags.csv").read_text() == "earlier"


def test_without_a_database_nothing_is_made(tagger: Tagger, tmp_path: Path) -> None:
    done = tagger("export", "--as", "csv", "--output", tmp_path / "tags.csv")
    assert (done.returncode, "There is no database" in done.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("stored")
def test_a_table_of_columns_goes_through_a_pipe_too(tagger: Tagger, url: str, tmp_path: Path) -> None:
    assert tagger("export", "--as", "parquet", "--output", tmp_path / "file").returncode == 0
    with (tmp_path / "piped").open("wb") as piped:
        command = [sys.executable, "-m", "tagger", "export", "--as", "parquet", "--db", url]
        cat = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=piped)
        subprocess.run(command, stdout=cat.stdin, check=True, timeout=120)
        cat.communicate(timeout=120)
    assert parquet.read_table(tmp_path / "piped") == parquet.read_table(tmp_path / "file")


def test_the_formats_of_the_option_are_those_that_there_are() -> None:
    assert tuple(EXPORT_FORMAT.choices) == FORMATS


def test_without_pyarrow_it_is_said_how_to_install_it(
    tagger: Tagger, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tag_run(store, [assessed("/p/a.jpg")])
    monkeypatch.setattr("tagger.core.errors.find_spec", lambda package: None if package == "pyarrow" else package)
    done = tagger("export", "--as", "parquet", "--output", tmp_path / "tags.parquet")
    assert (done.returncode, "needs the extra 'parquet'" in done.stderr) == (1, True)
    assert not (tmp_path / "tags.parquet").exists()

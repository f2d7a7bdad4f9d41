"""`tagger runs`: what a run did, and how it is undone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tagger.cli import main
from tests.cli.conftest import Tagger, lines
from tests.drawn import photos

pytestmark = pytest.mark.usefixtures("url")  # on both databases


@pytest.fixture
def tagged(tagger: Tagger, library: Path) -> Tagger:
    """A store with one run over twelve photos and a broken file."""
    (library / "bad<b>.jpg").write_text("no photo")
    assert tagger("tag", library).returncode == 3
    return tagger


def test_a_run_tells_what_it_did(tagged: Tagger) -> None:
    output = tagged("runs", "show", 1).stdout
    assert "9 tagged, 3 without a known landmark, 1 failed" in output
    assert "Red Rock 3 (new)" in output
    assert "failed: 1 unsupported" in output
    assert "bad<b>.jpg" in output


def test_a_run_s_report_is_json(tagged: Tagger) -> None:
    report = json.loads(tagged("runs", "show", 1, "--json").stdout)
    assert (report["run"], report["status"], report["counts"]["tagged"]) == (1, "done", 9)
    assert len(report["settings_hash"]) == 12


def test_a_run_s_report_is_a_page(tagged: Tagger, tmp_path: Path) -> None:
    assert tagged("runs", "show", 1, "--html", tmp_path / "run.html").returncode == 0
    page = (tmp_path / "run.html").read_text()
    assert (tmp_path / "run.html").stat().st_mode & 0o777 == 0o600
    assert "data:image/" in page
    assert "bad&lt;b&gt;.jpg" in page
    assert "http://" not in page


def test_of_many_files_that_were_named_the_first_is_shown(tagger: Tagger, tmp_path: Path) -> None:
    files = photos(tmp_path / "one by one", 84)
    tagger("tag", *files)
    shown = tagger("runs", "show", 1, "--html", tmp_path / "run.html").stdout
    for output in (tagger("runs").stdout, shown, (tmp_path / "run.html").read_text()):
        assert f"{files[0]} and 83 more" in output
    assert len(lines(tagger("runs", "--json"))[0]["start"]["roots"]) == 84


def test_a_page_that_cannot_be_written_is_one_sentence(tagged: Tagger, tmp_path: Path) -> None:
    for place in (tmp_path / "none" / "run.html", tmp_path):
        done = tagged("runs", "show", 1, "--html", place)
        assert done.returncode == 1
        assert done.stderr.startswith(f"Error: The page cannot be written to {place} (")
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("number", ["0", "99999999999999999999"])
def test_a_number_that_no_run_can_have_is_wrong_usage(tagged: Tagger, number: str) -> None:
    for subcommand in ("show", "undo"):
        done = tagged("runs", subcommand, number)
        assert (done.returncode, "Usage" in done.stderr, "Traceback" in done.stderr) == (2, True, False)


def test_a_run_that_there_is_not_is_one_sentence(tagged: Tagger) -> None:
    done = tagged("runs", "show", 99)
    assert (done.returncode, "no run 99" in done.stderr) == (1, True)
    assert tagged("runs", "undo", 99, "--yes").returncode == 1


def test_undo_shows_what_it_would_do_and_asks(tagged: Tagger, own: dict[str, str]) -> None:
    for answer, sentence in (("n\n", "Error: Nothing was undone.\n"), ("", "confirm with --yes")):
        done = CliRunner().invoke(main, ["runs", "undo", "1"], answer, own)
        assert (done.exit_code, "Undo its 36 suggestions for 12 photos?" in done.stderr) == (1, True)
        assert sentence in done.stderr
        assert len(lines(tagged("query", "--json"))) == 9
    done = CliRunner().invoke(main, ["runs", "undo", "1"], "y\n", own)
    assert (done.exit_code, lines(tagged("query", "--json"))) == (0, [])
    again = tagged("runs", "undo", 1)
    assert (again.returncode, "its suggestions were undone on 2" in again.stderr) == (0, True)


def test_undo_takes_a_run_s_suggestions_back_for_good(tagged: Tagger, library: Path) -> None:
    done = tagged("runs", "undo", 1, "--yes")
    assert done.returncode == 0
    assert "Undid 36 suggestions for 12 photos." in done.stderr
    assert f"To get them back: tagger tag --again {library}\n" in done.stderr
    assert lines(tagged("query", "--json")) == []
    for shown in (tagged("runs").stdout, tagged("runs", "show", 1).stdout):
        assert "its suggestions were undone on 2" in shown
    again = lines(tagged("tag", library, "--json"))
    assert [(row["status"], row["suggestions"]) for row in again] == [("withdrawn", [])] * 12 + [("failed", [])]
    assert lines(tagged("query", "--json")) == []
    assert len(lines(tagged("runs", "--json"))) == 2
    assert "To get them back" not in tagged("runs", "undo", 2, "--yes").stderr
    tagged("tag", library, "--again")
    assert len(lines(tagged("query", "--json"))) == 9

"""Commands that list, and have subcommands: what is given before the subcommand's name."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.cli.conftest import Tagger, lines


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
    assert (done.returncode, f"{arguments[1]} cannot be used with" in done.stderr) == (2, True)


def test_times_are_shown_by_the_clock_of_the_settings(tagger: Tagger, library: Path, tmp_path: Path) -> None:
    (library / "bad.jpg").write_text("no photo")
    tagger("tag", library)
    (run,) = lines(tagger("runs", "--json"))
    page = tmp_path / "run.html"
    for name in ("Asia/Tokyo", "America/Lima"):
        clock = {"TAGGER_TIMEZONE": name, "TZ": "UTC"}
        shown = datetime.fromisoformat(run["started_at"]).astimezone(ZoneInfo(name)).strftime("%Y-%m-%d %H:%M")
        assert shown in tagger("runs", **clock).stdout
        assert shown in tagger("runs", "show", 1, "--html", page, **clock).stdout
        assert shown in page.read_text()
        assert shown[:14] in tagger("query", "--failed", **clock).stdout
        (nightly,) = (line for line in tagger("jobs", **clock).stdout.splitlines() if line.startswith("nightly"))
        assert nightly.split()[1] == nightly.split()[4] == "02:00"


def test_a_day_is_asked_for_by_the_clock_of_the_settings(tagger: Tagger, library: Path) -> None:
    tagger("tag", library)
    (run,) = lines(tagger("runs", "--json"))
    for name in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):  # 25 hours apart: never the same day
        day = datetime.fromisoformat(run["started_at"]).astimezone(ZoneInfo(name)).strftime("%Y-%m-%d")
        asked = ("query", "--json", "--tagged-since", day, "--tagged-until", day)
        assert len(lines(tagger(*asked, TAGGER_TIMEZONE=name))) == 9
    assert lines(tagger(*asked, TAGGER_TIMEZONE="Pacific/Kiritimati")) == []


def test_jobs_are_listed_without_a_database_and_make_none(tagger: Tagger, tmp_path: Path) -> None:
    done = tagger("jobs")
    assert (done.returncode, done.stdout.count("never ran")) == (0, 6)
    assert "nightly   02:00         next 2" in done.stdout
    assert not (tmp_path / "tags.sqlite").exists()


def test_of_a_job_that_told_much_the_list_has_the_first_line(tagger: Tagger) -> None:
    output = tagger("jobs", "run", "digest").stdout.splitlines()
    assert len(output) > 1
    listed = tagger("jobs").stdout.splitlines()
    assert len(listed) == 6
    assert listed[-1].endswith(f"done: {output[0]} …")
    assert lines(tagger("jobs", "--json"))[-1]["last"]["message"] == "\n".join(output)


def test_a_typo_in_a_job_names_the_nearest(tagger: Tagger) -> None:
    done = tagger("jobs", "run", "nigthly")
    assert (done.returncode, "Did you mean 'nightly'?" in done.stderr) == (1, True)

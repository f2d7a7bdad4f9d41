"""`--dry-run` says what would be done, and does nothing."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from tests.cli.conftest import Tagger, lines
from tests.drawn import colour_bundle, photos


def changes(tagger: Tagger, library: Path, *options: object) -> dict[str, str]:
    """What a run would do, by the file's name."""
    done = tagger("tag", library, "--dry-run", "--json", *options)
    assert done.returncode == 0, done.stderr
    return {os.path.basename(row["path"]): row["change"] for row in lines(done)}


def test_before_the_first_run_every_photo_is_new_and_no_database_is_made(
    tagger: Tagger, library: Path, tmp_path: Path
) -> None:
    done = tagger("tag", library, "--dry-run")
    assert done.stdout.splitlines()[0] == f"new       {library}/00000.jpg"
    assert len(done.stdout.splitlines()) == 12
    assert "Would tag 12 photos: 12 new, 0 changed, 0 again." in done.stderr
    assert "Engine" not in done.stderr
    assert not (tmp_path / "tags.sqlite").exists()


def test_a_later_run_says_what_is_new_changed_gone_and_to_be_asked_again(tagger: Tagger, library: Path) -> None:
    tagger("tag", library, "-k", 1)
    (library / "00000.jpg").unlink()
    os.utime(library / "00001.jpg", (1, 1))
    photos(library, 1, start=12)
    expected = {"00000.jpg": "gone", "00001.jpg": "changed", "00012.jpg": "new"}
    assert changes(tagger, library, "-k", 1) == expected
    assert changes(tagger, library, "-k", 2) == {f"{n:05}.jpg": "again" for n in range(1, 12)} | expected
    assert len(lines(tagger("runs", "--json"))) == 1
    tagger("tag", library, "-k", 1)
    assert changes(tagger, library, "-k", 1) == {}


def test_answers_that_would_count_again_are_counted(tagger: Tagger, library: Path, tmp_path: Path) -> None:
    mine = colour_bundle(tmp_path / "mine", temperature=1.5).folder
    tagger("tag", library)
    tagger("tag", library, "--bundle", mine)
    done = tagger("tag", library, "--dry-run")
    assert "This model's answers to 12 unchanged files would count again." in done.stderr
    assert "count again" not in tagger("tag", library, "--dry-run", "--bundle", mine).stderr


def test_a_drive_that_is_not_mounted_is_doubted(tagger: Tagger, library: Path) -> None:
    photos(library, 30, start=12)
    tagger("tag", library)
    for path in library.iterdir():
        path.unlink()
    done = tagger("tag", library, "--dry-run")
    assert (done.stdout, "42 of the 42 known files" in done.stderr) == ("", True)
    assert set(changes(tagger, library, "--accept-gone").values()) == {"gone"}


def test_a_missing_folder_is_an_error(tagger: Tagger, tmp_path: Path) -> None:
    assert tagger("tag", tmp_path / "unplugged", "--dry-run").returncode == 1


def test_jobs_that_change_the_library_say_what_they_would_do(tagger: Tagger, library: Path, tmp_path: Path) -> None:
    config = tmp_path / "tagger.toml"
    config.write_text(f'folders = ["{library}"]\n[jobs]\nprune_after_days = 1\n')

    def dry_run(job: str) -> list[str]:
        done = tagger("jobs", "run", job, "--dry-run", "--config", config)
        assert "Nothing was changed." in done.stderr
        return done.stdout.splitlines()

    assert len(dry_run("nightly")) == 12
    assert dry_run("retag") == dry_run("prune") == []
    tagger("tag", library)
    tagger("runs", "undo", 1, "--yes")
    assert dry_run("nightly") == []
    assert len(dry_run("retag")) == 12
    assert lines(tagger("jobs", "--json"))[0]["last"] is None


def test_prune_names_the_files_whose_rows_it_would_remove(tagger: Tagger, library: Path, own: dict[str, str]) -> None:

    tagger("tag", library)
    (library / "00000.jpg").unlink()
    tagger("tag", library)
    with sqlite3.connect(own["TAGGER_DB_URL"]) as connection:
        connection.execute("UPDATE file SET gone_at = '2020-01-01 00:00:00' WHERE gone_at IS NOT NULL")
    connection.close()
    done = tagger("jobs", "run", "prune", "--dry-run")
    assert done.stdout == f"removed   {library}/00000.jpg\n"
    assert "Would remove 1 file gone for 90 days, and 1 photo." in done.stderr
    assert len(lines(tagger("query", "--gone", "--json"))) == 9


def test_other_jobs_have_no_dry_run(tagger: Tagger) -> None:
    done = tagger("jobs", "run", "backup", "--dry-run")
    assert (done.returncode, "works only with nightly, retag, prune" in done.stderr) == (2, True)

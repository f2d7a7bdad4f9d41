"""A run that is killed with SIGKILL and started again ends as if nothing had happened."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.kills.killed import Content, content
from tests.drawn import colour_bundle, photos

pytestmark = [pytest.mark.process, pytest.mark.slow]

KILLS = 5  # benchmarks/kills/killed.py does 20, with real photos


def tag(folder: Path, database: Path, bundle: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tagger", "tag", str(folder), "--db", str(database), "--bundle", str(bundle)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    photos(tmp_path / "library", 600)
    (tmp_path / "library" / "broken.jpg").write_text("no photo")
    # With its time: the file that is read first dates a photo, and after a kill the files in progress are read last.
    shutil.copy2(tmp_path / "library" / "00000.jpg", tmp_path / "library" / "copy.jpg")
    return tmp_path / "library"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return colour_bundle(tmp_path / "bundle").folder


def uninterrupted(library: Path, bundle: Path, database: Path) -> tuple[Content, float]:
    start = time.monotonic()
    assert tag(library, database, bundle).wait() == 3
    return content(database), time.monotonic() - start


def test_the_database_of_a_killed_run_ends_equal_to_an_uninterrupted_one(
    library: Path, bundle: Path, tmp_path: Path
) -> None:
    reference, seconds = uninterrupted(library, bundle, tmp_path / "reference.sqlite")
    assert len(reference["statuses"]) == 600
    database, moments = tmp_path / "tags.sqlite", random.Random(7)
    for _ in range(KILLS):
        run = tag(library, database, bundle)
        time.sleep(moments.uniform(0.2, 1.0) * seconds)
        run.kill()
        run.wait()
    assert tag(library, database, bundle).wait() in (0, 3)  # the broken one may have failed in an earlier run
    assert content(database) == reference


def test_of_two_runs_at_once_one_is_told_to_wait(library: Path, bundle: Path, tmp_path: Path) -> None:
    reference, _ = uninterrupted(library, bundle, tmp_path / "reference.sqlite")
    database = tmp_path / "tags.sqlite"
    runs = [tag(library, database, bundle) for _ in range(2)]
    assert sorted(run.wait() for run in runs) == [1, 3]
    assert content(database) == reference


def test_a_full_disk_is_one_sentence_and_the_next_run_goes_on(library: Path, bundle: Path, tmp_path: Path) -> None:
    database = tmp_path / "tags.sqlite"
    tag(library / "00000.jpg", database, bundle).wait()
    connection = sqlite3.connect(database)
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.close()
    code = (
        "import sqlite3, sys; import db.sqlite as s; prepare = s._prepare\n"
        f"s._prepare = lambda c, r: (prepare(c, r), c.execute('PRAGMA max_page_count = {pages + 2}'))\n"
        "from tagger.cli import main; main(sys.argv[1:])"
    )
    arguments = ["tag", str(library), "--db", str(database), "--bundle", str(bundle)]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "the disk is full" in done.stderr
    assert "Traceback" not in done.stderr
    assert tag(library, database, bundle).wait() == 3
    assert len(content(database)["statuses"]) == 600
    assert os.path.getsize(database) > 0

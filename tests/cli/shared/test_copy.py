"""`tagger db copy` as a process that is killed, or whose server stops: nobody disturbs it, and the next one goes on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from db.engine import Store, open_store
from db.schema.models import File
from tagger.library.locks.run import run_lock
from tests.cli.conftest import Tagger
from tests.db.samples import assessed, everything, tag_run
from tests.library.workers.processes import wait_for
from tests.postgres import SETTINGS, as_user, running_server, server_programs

PHOTOS = 3000
# In small batches with pauses, so that there is much to interrupt.
SLOW = """
import itertools, sys, time
import db.copying
db.copying.ROWS_PER_BATCH = 50
db.copying.islice = lambda *rows: time.sleep(0.05) or itertools.islice(*rows)
from tagger.cli import main
main(sys.argv[1:])
"""


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Store]:
    with open_store(str(tmp_path / "source.sqlite")) as opened:
        tag_run(opened, [assessed(f"/p/{number}.jpg") for number in range(PHOTOS)])
        yield opened


def start_copy(source: Store, url: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SLOW, "db", "copy", source.name, url]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def has_begun(target: Store) -> bool:
    with target.read() as connection:
        return connection.execute(select(func.count()).select_from(File)).scalar_one() > 0


def test_a_copy_waits_for_runs_on_both_databases(source: Store, store: Store, url: str, tagger: Tagger) -> None:
    for locked in (source, store):
        with run_lock(locked):
            refused = tagger("db", "copy", source.name, url)
        assert refused.returncode == 1
        assert f"Another run is in progress on {locked.name}" in refused.stderr
    assert tagger("db", "copy", source.name, url).returncode == 0
    assert everything(store) == everything(source)


@pytest.mark.process
@pytest.mark.slow
def test_no_run_begins_on_a_copy_in_progress_and_a_killed_one_goes_on(
    source: Store, store: Store, url: str, tagger: Tagger, tmp_path: Path
) -> None:
    (tmp_path / "library").mkdir()
    with start_copy(source, url) as copying:
        wait_for(lambda: has_begun(store))
        refused = tagger("tag", tmp_path / "library", "--db", url)
        assert refused.returncode == 1
        assert "Another run is in progress" in refused.stderr
        twice = tagger("db", "copy", source.name, url)
        assert "Another run is in progress" in twice.stderr
        copying.kill()
    assert everything(store) != everything(source)
    again = tagger("db", "copy", source.name, url)
    assert again.returncode == 0, again.stderr
    assert everything(store) == everything(source)
    assert f"{PHOTOS} of them are new" not in again.stdout


@pytest.mark.process
@pytest.mark.slow
def test_a_server_that_stops_is_a_sentence_and_the_copy_goes_on_when_it_runs_again(
    source: Store, tagger: Tagger
) -> None:
    programs = server_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed")
    with running_server(programs) as server:
        url = server.create()
        control = (programs / "pg_ctl", "--pgdata", server.folder / "data", "--wait", "--silent")
        with open_store(url) as target, start_copy(source, url) as copying:
            wait_for(lambda: has_begun(target))
            as_user(*control, "--mode=immediate", "stop")
            _, said = copying.communicate(timeout=60)
        assert copying.returncode == 1
        assert "Check that the server runs" in said
        assert "run the same command again" in said
        assert "Traceback" not in said
        settings = " ".join(f"-c {setting}" for setting in (*SETTINGS, f"unix_socket_directories={server.folder}"))
        as_user(*control, "--log", server.folder / "log", "--options", settings, "start")
        again = tagger("db", "copy", source.name, url)
        assert again.returncode == 0, again.stderr
        with open_store(url) as target:
            assert everything(target) == everything(source)

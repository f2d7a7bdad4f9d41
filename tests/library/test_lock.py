"""One run at a time over one database; a run that was killed frees it, and is stored as died."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from db.engine import Store, open_store
from db.read import catalog
from db.write.runs import register_model, start_run
from tagger.core.errors import RunInProgress
from tagger.library.locks.run import run_lock
from tests.db.samples import LANDMARKS, MODEL, START

HOLDER = """
import sys
from db.engine import open_store
from tagger.library.locks.run import run_lock
from tests.library.test_lock import begin
with open_store(sys.argv[1]) as store, run_lock(store):
    begin(store, "nightly")
    print("held", flush=True)
    sys.stdin.read()
"""


def begin(store: Store, job: str) -> int:
    """A run that never ends."""
    with store.write() as connection:
        number = register_model(connection, MODEL, landmarks=LANDMARKS)
        return start_run(connection, replace(START, job=job, pid=os.getpid(), host="attic"), model=number)


@contextmanager
def holder(url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the store until it is told to end, or killed."""
    command = [sys.executable, "-c", HOLDER, url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def statuses(store: Store) -> list[str]:
    with store.read() as connection:
        return [run.status for run in catalog.runs(connection)]


def test_a_second_run_is_told_who_is_in_progress_since_when(url: str, store: Store) -> None:
    with holder(url) as process:
        run = rf"nightly, process {process.pid} on attic, since \d{{4}}-\d\d-\d\d \d\d:\d\d"
        who = rf"in progress on \S+ \({run}"
        with pytest.raises(RunInProgress, match=who), run_lock(store):
            pytest.fail("two runs at once")


def test_a_second_run_in_the_same_process_is_kept_away_too(store: Store) -> None:
    with run_lock(store), pytest.raises(RunInProgress, match="just starting"), run_lock(store):
        pytest.fail("two runs at once")
    with run_lock(store):
        pass


@pytest.mark.sqlite
def test_a_second_run_is_kept_away_by_whatever_name_it_opens_the_store(store: Store, tmp_path: Path) -> None:
    (tmp_path / "link.sqlite").symlink_to(store.file)
    with (
        open_store(str(tmp_path / "link.sqlite")) as linked,
        run_lock(store),
        pytest.raises(RunInProgress, match="link"),
        run_lock(linked),
    ):
        pytest.fail("two runs at once")


@pytest.mark.parametrize("mode", [0o600, 0o660], ids=["private", "shared with a group"])
def test_who_may_write_the_store_may_lock_it(store: Store, mode: int) -> None:
    Path(store.file).chmod(mode)
    with run_lock(store):
        assert Path(f"{store.file}.lock").stat().st_mode & 0o777 == mode


def test_a_killed_run_frees_the_store_and_is_called_died(
    url: str, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    with holder(url) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with run_lock(store):
            pass
    assert statuses(store) == ["died"]
    assert re.search(rf"Run 1 died: nightly, process {process.pid} on attic", caplog.text)


def test_the_bot_may_go_on_while_others_run(store: Store) -> None:
    begin(store, "telegram")
    with run_lock(store):
        pass
    assert statuses(store) == ["running"]

"""However a run ends, it stores how, keeps what is done, and the next run goes on from there."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from db.engine import Store, open_store
from db.errors import StoreLocked
from db.read import catalog, listings
from db.read.filters import FileFilter, TagFilter
from db.rows import RunRow
from db.write.runs import abandoned_files
from db.write.undo import undo_run
from tagger.core.run_options import Limits, RunOptions
from tagger.library.report import RunState
from tagger.library.runner import LibraryRun
from tagger.model.bundle import Bundle
from tagger.model.predictor import Tagger
from tests.drawn import ColourEngine, colour_bundle, jpeg, photos

LIMITS = Limits(threads=2)
OPTIONS = RunOptions(k=3)
NOW = datetime.now(UTC)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    photos(tmp_path / "library", 30)
    return tmp_path / "library"


def run(store: Store, bundle: Bundle, *roots: Path, options: RunOptions = OPTIONS, **more: Any) -> RunState:
    tagger = Tagger(bundle, more.pop("engine", ColourEngine(1)), LIMITS)
    new = LibraryRun(store, bundle, [*map(str, roots)], lambda: tagger, options, **more)
    for _ in new.results():
        pass
    return new.state


def last_run(store: Store) -> RunRow:
    with store.read() as connection:
        return catalog.runs(connection, limit=1)[0]


def tagged(store: Store) -> int:
    with store.read() as connection:
        return sum(1 for _ in listings.all_hits(listings.tags, connection, TagFilter()))


def in_work(store: Store) -> int:
    with store.read() as connection:
        return len(abandoned_files(connection))


class Clocked(ColourEngine):
    """Closes the time window after some photos."""

    def __init__(self, run: Callable[[], LibraryRun], after: int) -> None:
        super().__init__(1)
        self.run, self.after = run, after

    def logits(self, batch: Any) -> Any:
        if self.photos_seen == self.after:
            self.run().until = NOW
        return super().logits(batch)


def test_when_its_window_closes_a_run_stops_and_the_next_goes_on(store: Store, bundle: Bundle, library: Path) -> None:
    new = LibraryRun(store, bundle, [str(library)], lambda: tagger, OPTIONS, until=NOW + timedelta(days=1))
    tagger = Tagger(bundle, Clocked(lambda: new, after=5), LIMITS)
    done = len(list(new.results()))
    assert 5 < done < 30
    assert (new.state.status, last_run(store).status, in_work(store)) == ("stopped", "stopped", 0)
    rest = run(store, bundle, library, until=NOW + timedelta(days=1))
    assert (rest.status, rest.processed, rest.counts.unchanged) == ("done", 30 - done, done)


def test_a_window_that_is_closed_already_opens_no_model(store: Store, bundle: Bundle, library: Path) -> None:
    new = LibraryRun(store, bundle, [str(library)], lambda: pytest.fail("a model was opened"), until=NOW)
    assert list(new.results()) == []
    assert last_run(store).status == "stopped"


def test_with_nothing_left_to_do_a_closed_window_is_a_run_that_is_done(
    store: Store, bundle: Bundle, library: Path
) -> None:
    run(store, bundle, library)
    assert run(store, bundle, library, until=NOW).status == "done"


def test_a_database_that_another_program_locks_ends_a_run_with_a_sentence(bundle: Bundle, library: Path) -> None:
    database = library.parent / "tags.sqlite"
    with open_store(str(database), timeout_s=0.2) as store:
        (library / "more").mkdir()
        run(store, bundle, library)
        photos(library / "more", 3, start=100)
        with closing(sqlite3.connect(database, isolation_level=None, check_same_thread=False)) as other:

            class Locked(ColourEngine):
                def logits(self, batch: Any) -> Any:
                    if not other.in_transaction:
                        other.execute("BEGIN IMMEDIATE")
                    return super().logits(batch)

            with pytest.raises(StoreLocked, match=r"was locked by another process for more than 0\.2 s"):
                run(store, bundle, library, engine=Locked(1))
            other.execute("ROLLBACK")
        assert (run(store, bundle, library).status, tagged(store)) == ("done", 26)
        assert in_work(store) == 0


def test_a_folder_that_may_not_be_entered_any_more_loses_nothing(
    bundle: Bundle, public_folder: Path, without_privileges: Callable[[], AbstractContextManager[None]]
) -> None:
    public_folder.chmod(0o777)
    library = public_folder / "library"
    photos(library, 30)

    def night() -> RunState:
        with without_privileges(), open_store(str(public_folder / "tags.sqlite")) as store:
            return run(store, bundle, library)

    night()
    library.chmod(0)
    state = night()
    assert (state.status, state.counts.gone, state.counts.failed) == ("done", 0, 1)
    library.chmod(0o755)
    assert night().counts.unchanged == 30


def test_what_was_taken_back_comes_again_only_if_asked_for(store: Store, bundle: Bundle, library: Path) -> None:
    first = run(store, bundle, library)
    with store.write() as connection:
        undo_run(connection, first.run_id)
    (library / "00000.jpg").rename(library / "moved.jpg")
    assert (run(store, bundle, library).counts.inherited, tagged(store)) == (1, 0)
    assert (run(store, bundle, library, options=replace(OPTIONS, redo_undone=True)).counts.tagged, tagged(store)) == (
        23,
        23,
    )


@pytest.mark.process
@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_service_or_a_closed_terminal_ends_a_run_as_interrupted(
    number: int, library: Path, tmp_path: Path
) -> None:
    photos(library, 3000, start=100)
    database, bundle = tmp_path / "tags.sqlite", colour_bundle(tmp_path / "colours").folder
    command = [sys.executable, "-m", "tagger", "tag", library, "--db", database, "--bundle", bundle, "--json"]
    with subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["status"] == "tagged"
        process.send_signal(number)
        _, stderr = process.communicate()
        assert (process.returncode, "Traceback" in stderr) == (130, False)
    with open_store(str(database)) as store:
        assert (last_run(store).status, in_work(store)) == ("interrupted", 0)
        assert last_run(store).counts.tagged > 0


def test_failures_in_quarantine_are_left_alone_until_somebody_asks(store: Store, bundle: Bundle, library: Path) -> None:
    (library / "bad.jpg").write_text("no photo")
    impatient = replace(OPTIONS, retry_after_h=1e-9, max_attempts=2)
    all_counts = [run(store, bundle, library, options=impatient).counts for _ in range(3)]
    assert [(counts.failed, counts.set_aside) for counts in all_counts] == [(1, 0), (1, 0), (0, 1)]
    asked = run(store, bundle, library, options=replace(impatient, retry_failed=True))
    assert (asked.counts.failed, asked.counts.set_aside) == (1, 0)
    with store.read() as connection:
        (failure,) = listings.failures(connection, FileFilter()).hits
    assert (failure.attempts, failure.quarantined_at is not None) == (3, True)
    os.utime(library / "bad.jpg", (1, 1))
    assert run(store, bundle, library, options=impatient).counts.failed == 1


def test_a_link_that_leads_nowhere_is_left_alone_until_it_leads_somewhere(
    store: Store, bundle: Bundle, library: Path
) -> None:
    (library / "link.jpg").symlink_to(library.parent / "drive" / "photo.jpg")
    all_counts = [run(store, bundle, library).counts for _ in range(2)]
    assert [(counts.failed, counts.set_aside) for counts in all_counts] == [(1, 0), (0, 1)]
    (library.parent / "drive").mkdir()
    (library.parent / "drive" / "photo.jpg").write_bytes(jpeg())
    assert run(store, bundle, library).counts.tagged == 1


def test_a_mended_file_is_read_at_once(store: Store, bundle: Bundle, library: Path) -> None:
    (library / "bad.jpg").write_text("no photo")
    run(store, bundle, library)
    (library / "bad.jpg").write_bytes(jpeg())
    assert run(store, bundle, library).counts.tagged == 1

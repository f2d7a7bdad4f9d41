"""Workers that are processes, as on several machines: one dies, or has a clock that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.engine import Store, open_store
from db.read import catalog
from db.read.run_report import report_of
from db.read.workers import WorkerRow, workers_of
from db.rows import RunRow
from tagger.core.run_options import RunOptions
from tagger.library.runner import LibraryRun
from tagger.model.predictor import load
from tests.db.samples import everything
from tests.drawn import colour_bundle, photos
from tests.library.workers.processes import wait_for, worker

pytestmark = [pytest.mark.process, pytest.mark.slow]

PHOTOS = 400


@pytest.fixture
def library(tmp_path: Path) -> Path:
    photos(tmp_path / "library", PHOTOS)
    (tmp_path / "library" / "broken.jpg").write_text("no photo")
    return tmp_path / "library"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return colour_bundle(tmp_path / "colours").folder


def first_run(store: Store) -> tuple[RunRow, list[WorkerRow]] | None:
    with store.read() as connection:
        runs = catalog.runs(connection)
        return (runs[-1], workers_of(connection, runs[-1].id)) if runs else None


def is_shared(store: Store) -> bool:
    """Whether two workers are at work in the first run, which has results."""
    found = first_run(store)
    return found is not None and len(found[1]) == 2 and found[0].counts.tagged > 0


def all_are_done(store: Store) -> bool:
    """Whether two workers have ended their part of the first run."""
    found = first_run(store)
    return found is not None and [row.status for row in found[1]] == ["done", "done"]


def is_done(store: Store) -> bool:
    found = first_run(store)
    return found is not None and found[0].status == "done"


def has_report(store: Store) -> bool:
    with store.read() as connection:
        return report_of(connection, 1) is not None


def test_what_a_dead_leader_tagged_is_counted_once_and_not_as_unchanged(
    store: Store, url: str, library: Path, model: Path
) -> None:
    options = {"db_url": url, "bundle": model, "worker_lease_s": 2, "folders": f'["{library}"]'}
    with worker("--wait", settings=options), worker(library, settings=options) as leader:
        wait_for(lambda: is_shared(store))
        leader.kill()
        wait_for(lambda: is_done(store))
        wait_for(lambda: has_report(store))
    with store.read() as connection:
        counts = catalog.run(connection, 1).counts
    assert (counts.tagged, counts.none, counts.failed) == (PHOTOS * 3 // 4, PHOTOS // 4, 1)
    assert counts.unchanged == 0


@pytest.mark.postgresql
@pytest.mark.parametrize("ahead_s", [600, -600])
def test_a_wrong_clock_takes_nothing_from_the_living(
    store: Store, url: str, library: Path, model: Path, tmp_path: Path, ahead_s: float
) -> None:
    options = {"db_url": url, "bundle": model, "folders": f'["{library}"]'}
    with worker("--wait", settings=options) as helper, worker(library, clock_s=ahead_s, settings=options) as leader:
        wait_for(lambda: is_shared(store))
        assert leader.wait() == 3
        wait_for(lambda: all_are_done(store))
        helper.terminate()
        helper.wait()
    found = first_run(store)
    assert found is not None
    run, workers = found
    assert sum(row.tagged + row.none + row.failed for row in workers) == PHOTOS + 1
    assert run.finished_at is not None
    assert run.started_at < run.finished_at
    with open_store(str(tmp_path / "reference.sqlite")) as reference:
        tagger = load(model)
        list(LibraryRun(reference, tagger.bundle, [str(library)], lambda: tagger, RunOptions()).results())
        assert everything(store) == everything(reference)

"""A worker leads or helps; together they do what one run does, and no two runs are in each other's way."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from db.engine import Store, open_store
from db.read import catalog
from db.read.run_report import report_of
from db.write.shared.workers import give_up_expired
from tagger.core.errors import RunInProgress, WorkerGivenUp, WorkersDiffer
from tagger.core.run_options import Limits, RunOptions
from tagger.library import report
from tagger.library.locks.run import run_lock
from tagger.library.runner import LibraryRun
from tagger.model.bundle import Bundle, write_bundle
from tagger.model.predictor import Tagger
from tests.db.samples import everything
from tests.drawn import ColourEngine, card, photos
from tests.library.workers.conftest import NewWorker, in_threads


def test_workers_share_one_run_whose_content_is_that_of_one_process(
    store: Store, bundle: Bundle, library: Path, tmp_path: Path, new_worker: NewWorker
) -> None:
    with in_threads(*(new_worker(library) for _ in range(3))) as tagged:
        pass
    assert sorted(path for paths in tagged for path in paths) == sorted(map(str, library.iterdir()))
    with open_store(str(tmp_path / "reference.sqlite")) as reference:
        tagger = Tagger(bundle, ColourEngine(), Limits(threads=2))
        list(LibraryRun(reference, bundle, [str(library)], lambda: tagger, RunOptions(k=3)).results())
        assert everything(store) == everything(reference)
    with store.read() as connection:
        (run,) = catalog.runs(connection)
        report = report_of(connection, run.id)
    assert (run.status, run.counts.tagged, run.counts.none, run.counts.failed) == ("done", 90, 30, 1)
    assert report is not None
    assert report["failures"] == {"unsupported": 1}
    assert sum(worker["tagged"] for worker in report["workers"]) == 90


def test_a_second_pass_finds_nothing_to_do_and_opens_no_model(library: Path, new_worker: NewWorker) -> None:
    list(new_worker(library).results())
    again = new_worker(library)
    again.open_tagger = lambda: pytest.fail("there is nothing to tag")
    assert list(again.results()) == []
    assert again.state.counts.unchanged == 120


def test_a_worker_with_other_folders_helps_first_and_then_tags_its_own(
    store: Store, library: Path, tmp_path: Path, new_worker: NewWorker
) -> None:
    photos(tmp_path / "other", 8, start=200)
    with in_threads(new_worker(library), new_worker(tmp_path / "other")):
        pass
    with store.read() as connection:
        runs = {run.start.roots: run.counts.tagged for run in catalog.runs(connection)}
    assert runs == {(str(library),): 90, (str(tmp_path / "other"),): 6}


def test_a_worker_that_waits_helps_and_goes_on_waiting(library: Path, new_worker: NewWorker) -> None:
    waiting = new_worker(library, waits=True)
    with in_threads(waiting) as helped:
        for start in (300, 400):
            list(new_worker(library).results())
            photos(library, 60, start=start)
        list(new_worker(library).results())
        waiting.stop.set()
    assert len(set(helped[0])) == len(helped[0]) > 0


def test_no_other_run_begins_while_workers_are_at_work(store: Store, library: Path, new_worker: NewWorker) -> None:
    results = new_worker(library).results()
    next(results)
    with pytest.raises(RunInProgress, match=r"\(worker, process \d+ on .*\)"), run_lock(store):
        pytest.fail("two runs at once")
    results.close()
    with run_lock(store):
        pass


def test_a_worker_does_not_join_a_run_that_is_not_shared(
    store: Store, bundle: Bundle, library: Path, new_worker: NewWorker
) -> None:
    tagger = Tagger(bundle, ColourEngine(), Limits(threads=2))
    results = LibraryRun(store, bundle, [str(library)], lambda: tagger).results()
    next(results)
    with pytest.raises(RunInProgress, match="tag, process"):
        list(new_worker(library).results())
    results.close()


def test_a_worker_with_another_model_is_told_which_one_to_take(
    library: Path, tmp_path: Path, new_worker: NewWorker
) -> None:
    results = new_worker(library).results()
    next(results)
    other = write_bundle(tmp_path / "other", card(version="2", temperature=2.0), {"model.onnx": b"two"})
    with pytest.raises(WorkersDiffer, match="Start this one with the same --bundle"):
        list(new_worker(library, bundle=other).results())
    results.close()


def test_a_worker_that_is_stopped_leaves_its_files_to_others_without_suspicion(
    store: Store, library: Path, new_worker: NewWorker
) -> None:
    stopped = new_worker(library)
    results = stopped.results()
    next(results)
    results.close()
    again = new_worker(library)
    list(again.results())
    assert again.state.suspects == []
    with store.read() as connection:
        assert [run.status for run in catalog.runs(connection)] == ["done", "interrupted"]


def test_a_silent_worker_ends_with_a_sentence_and_stores_nothing_more(
    store: Store, library: Path, new_worker: NewWorker
) -> None:
    results = new_worker(library, lease_s=0.4).results()
    next(results)
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE worker SET expires_at = '2020-01-01 00:00:00.000000'")
        assert give_up_expired(connection, are_files_suspect=lambda _note: True)
    with pytest.raises(WorkerGivenUp, match="so other workers tag its photos now"):
        list(results)
    list(new_worker(library).results())
    with store.read() as connection:
        assert catalog.run(connection, 1).counts.tagged == 90


def test_a_worker_that_has_ended_by_itself_has_not_lost_its_lease(
    library: Path, new_worker: NewWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "write", lambda *_: time.sleep(1.5))  # longer than a renewal takes to come
    worker = new_worker(library, lease_s=4)
    list(worker.results())
    assert worker.state.status == "done"

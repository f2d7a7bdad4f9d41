"""A nightly run knows when its time is up, and names the folders that it could not read."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from db.engine import Store, open_store
from db.read import catalog
from db.read.workers import queue, workers_of
from tagger.config.settings import Settings, load_settings
from tagger.core.run_options import Limits, RunOptions
from tagger.core.types import InputContract
from tagger.image.loader import InProcessLoader
from tagger.jobs.context import JobContext, JobResult
from tagger.jobs.registry import run_job
from tagger.jobs.tagging import new_worker
from tagger.library.locks.run import run_lock
from tagger.model.bundle import Bundle, write_bundle
from tagger.model.predictor import Tagger
from tests.drawn import ColourEngine, card, photos
from tests.library.test_lock import begin


@pytest.fixture
def library(tmp_path: Path) -> Path:
    photos(tmp_path / "library", 3)
    return tmp_path / "library"


def settings_of(bundle: Bundle, library: Path, **jobs: Any) -> Settings:
    return load_settings({"bundle": bundle.folder, "folders": (library,), "jobs": jobs})


def opener(bundle: Bundle) -> Callable[[], Tagger]:
    return lambda: Tagger(bundle, ColourEngine(), Limits(threads=1))


def context(store: Store, bundle: Bundle, library: Path, **jobs: Any) -> JobContext:
    return JobContext(settings_of(bundle, library, **jobs), store, opener(bundle))


@pytest.mark.parametrize("job", ["nightly", "retag"])
def test_a_job_that_waited_until_its_time_was_up_does_not_begin(
    bundle: Bundle, store: Store, library: Path, job: str
) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    ended = run_job(job, replace(context(store, bundle, library, until="06:00"), triggered_at=yesterday))
    assert ended == JobResult("its time was up before it began", "stopped")
    with store.read() as connection:
        assert catalog.runs(connection) == []


def test_a_job_that_is_triggered_after_its_time_has_the_whole_next_day(
    bundle: Bundle, store: Store, library: Path
) -> None:
    now = datetime.now().astimezone()
    slept = replace(context(store, bundle, library, until=f"{now - timedelta(hours=1):%H:%M}"), triggered_at=now)
    assert run_job("nightly", slept).status == "done"


class InThreads(InProcessLoader):
    """Looks where the test does: a process of its own would not have stepped down far enough to begin."""

    def __init__(self, contract: InputContract, limits: Limits, **_options: object) -> None:
        super().__init__(contract, limits)

    def close(self) -> None:
        pass


@pytest.fixture
def nobodys_night(
    public_folder: Path,
    without_privileges: Callable[[], AbstractContextManager[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[Path], JobResult]:
    """A night over a folder by a user who may not read everything, with a database that they may write."""
    monkeypatch.setattr("tagger.image.decoder_pool.DecoderPool", InThreads)
    (public_folder / "store").mkdir()
    (public_folder / "store").chmod(0o777)
    bundle = write_bundle(public_folder / "bundle", card(), {"model.onnx": b"one"})

    def night_over(library: Path) -> JobResult:
        settings = settings_of(bundle, library)
        with without_privileges(), open_store(str(public_folder / "store" / "tags.sqlite")) as store:
            return run_job("nightly", JobContext(settings, store, opener(bundle)))

    return night_over


@pytest.mark.parametrize("closed", ["safe/library", "safe"])
def test_a_folder_that_may_not_be_entered_is_bad_news_and_so_is_one_below_a_closed_one(
    nobodys_night: Callable[[Path], JobResult], public_folder: Path, closed: str
) -> None:
    photos(public_folder / "safe" / "library", 3)
    (public_folder / closed).chmod(0)
    ended = nobodys_night(public_folder / "safe" / "library")
    assert ended.status == "failed"
    assert "safe/library cannot be read: " in ended.message


def test_a_photo_that_may_not_be_read_is_no_bad_news(
    nobodys_night: Callable[[Path], JobResult], public_folder: Path
) -> None:
    photos(public_folder / "library", 3)
    (public_folder / "library" / "00000.jpg").chmod(0)
    ended = nobodys_night(public_folder / "library")
    assert (ended.status, ended.failed_photos) == ("done", 1)


def test_a_night_that_waits_for_another_run_says_so_once_and_nothing_of_its_folders(
    bundle: Bundle, store: Store, library: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tagger.jobs.tagging.RETRY_S", 0.1)
    caplog.set_level(logging.INFO)
    waiting = context(store, bundle, library)
    both = replace(waiting, settings=load_settings({"bundle": bundle.folder, "folders": (library, "/unplugged")}))
    with run_lock(store):
        begin(store, "tag")
        threading.Timer(0.5, waiting.stop.set).start()
        run_job("nightly", both)
    (sentence,) = [record.getMessage() for record in caplog.records]
    assert sentence.startswith(
        f"Another run is in progress on {store.name} (tag, process {os.getpid()} on attic, since "
    )
    assert sentence.endswith("); this run waits until it has ended")


def test_a_night_waits_for_a_run_by_hand_and_a_stop_ends_the_waiting(
    bundle: Bundle, store: Store, library: Path
) -> None:
    waiting = context(store, bundle, library)
    with run_lock(store):
        begin(store, "tag")
        threading.Timer(0.3, waiting.stop.set).start()
        ended = run_job("nightly", waiting)
    assert (ended.status, ended.message) == ("stopped", "stopped while another run was in progress")


@pytest.mark.postgresql
def test_workers_may_help_a_nightly_run_on_a_server(bundle: Bundle, store: Store, library: Path) -> None:
    ended = run_job("nightly", context(store, bundle, library))
    assert (ended.status, "3 tagged" in ended.message) == ("done", True)
    with store.read() as connection:
        (run,) = catalog.runs(connection)
        assert (run.start.job, run.counts.tagged) == ("nightly", 3)
        assert [worker.status for worker in workers_of(connection, run.id)] == ["done"]


def test_a_shared_run_ends_when_its_time_is_up(bundle: Bundle, store: Store, library: Path) -> None:
    options = {"options": RunOptions(), "until": datetime.now(UTC)}
    assert list(new_worker(context(store, bundle, library), [str(library)], **options).results()) == []  # type: ignore[arg-type]
    with store.read() as connection:
        (run,) = catalog.runs(connection)
        assert (run.status, queue(connection).waiting) == ("stopped", 0)

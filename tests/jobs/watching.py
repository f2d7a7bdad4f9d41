"""What the tests of the watch share: fast polls, a library, a context with a model of three colours, and patience."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from db.engine import Store
from db.read import catalog, listings
from db.read.filters import FileFilter, TagFilter
from db.rows import RunCounts
from tagger.config.settings import load_settings
from tagger.core.run_options import Limits
from tagger.jobs import watch as watching
from tagger.jobs.context import JobContext
from tagger.jobs.watch import watch
from tagger.model.bundle import Bundle
from tagger.model.predictor import Tagger
from tests.drawn import ColourEngine, photos

PATIENCE_S = 60


@pytest.fixture(autouse=True)
def polls_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "POLL_S", 0.05)
    monkeypatch.setattr(watching, "CHECK_ROOTS_S", 0.2)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    photos(tmp_path / "library", 1)
    return tmp_path / "library"


@pytest.fixture
def context(store: Store, bundle: Bundle) -> Iterator[JobContext]:
    settings = load_settings({"bundle": bundle.folder, "watch_settle_s": 0.2, "exclude": ("thumbs",)})
    made = JobContext(settings, store, lambda: Tagger(bundle, ColourEngine(), Limits(threads=1)))
    yield made
    made.stop.set()


@contextmanager
def watched(context: JobContext, *folders: Path, **options: bool) -> Iterator[None]:
    thread = threading.Thread(target=watch, args=(context, [*map(str, folders)]), kwargs=options)
    thread.start()
    try:
        yield
    finally:
        context.stop.set()
        thread.join(PATIENCE_S)
    assert not thread.is_alive()


def tagged(store: Store) -> set[str]:
    with store.read() as connection:
        return {os.path.basename(hit.path) for hit in listings.all_hits(listings.tags, connection, TagFilter())}


def failed(store: Store) -> int:
    with store.read() as connection:
        return len(list(listings.all_hits(listings.failures, connection, FileFilter())))


def eventually(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def paths(store: Store) -> set[str]:
    with store.read() as connection:
        return {hit.path for hit in listings.all_hits(listings.tags, connection, TagFilter())}


def counts(store: Store) -> list[RunCounts]:
    """Of each run, the newest first."""
    with store.read() as connection:
        return [row.counts for row in catalog.runs(connection)]

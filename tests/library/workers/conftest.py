"""Workers in threads of the test's own process, with an engine that leaves others the time to claim something."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from db.engine import Store
from tagger.core.run_options import Limits, RunOptions
from tagger.library.workers import run as worker_run
from tagger.library.workers.run import WorkerRun
from tagger.model.bundle import Bundle
from tagger.model.predictor import Tagger
from tests.drawn import ColourEngine, photos

NewWorker = Callable[..., WorkerRun]


class SlowEngine(ColourEngine):
    """Leaves others the time to claim something."""

    def logits(self, batch: Any) -> Any:
        time.sleep(0.02)
        return super().logits(batch)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_run, "POLL_S", 0.05)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    photos(tmp_path / "library", 120)
    (tmp_path / "library" / "broken.jpg").write_text("no photo")
    return tmp_path / "library"


@pytest.fixture
def new_worker(store: Store, bundle: Bundle) -> NewWorker:
    def make(*folders: Path, **options: Any) -> WorkerRun:
        of_bundle = options.pop("bundle", bundle)
        tagger = Tagger(of_bundle, SlowEngine(), Limits(threads=2))
        return WorkerRun(store, of_bundle, list(map(str, folders)), lambda: tagger, RunOptions(k=3), **options)

    return make


@contextmanager
def in_threads(*workers: WorkerRun) -> Iterator[list[list[str]]]:
    """What each worker tags, complete at the end of the context."""
    tagged: list[list[str]] = [[] for _ in workers]

    def consume(number: int) -> None:
        tagged[number].extend(result.path for result in workers[number].results())

    threads = [threading.Thread(target=consume, args=(number,)) for number in range(len(workers))]
    for thread in threads:
        thread.start()
    yield tagged
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()

"""A stop ends a run at once, whether it is scanning, waiting for a decoder that hangs, or between two photos."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from db.engine import Store
from db.read import catalog
from db.write.runs import abandoned_files
from tagger.core.run_options import Limits
from tagger.image.decoder_pool import DecoderPool
from tagger.library.runner import LibraryRun
from tagger.model.bundle import Bundle
from tagger.model.predictor import Tagger
from tests.drawn import ColourEngine, photos
from tests.hostile_photos import HANG, hostile_codec

LIMITS = Limits(threads=2)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    photos(tmp_path / "library", 3)
    return tmp_path / "library"


def new_run(
    store: Store, bundle: Bundle, library: Path, stop: threading.Event, photo_timeout_s: float = 60
) -> LibraryRun:
    def open_decoders(photos: int) -> DecoderPool:
        return DecoderPool(bundle.card.input, LIMITS, photos=photos, timeout_s=photo_timeout_s)

    def open_tagger() -> Tagger:
        return Tagger(bundle, ColourEngine(1), LIMITS)

    return LibraryRun(store, bundle, [str(library)], open_tagger, open_decoders=open_decoders, stop=stop)


def seconds_until_stopped(run: LibraryRun, store: Store) -> float:
    """How long a run goes on after a stop; it is stored as interrupted, and no file stays leased."""
    threading.Timer(1, run.stop.set).start()
    began = time.monotonic()
    for _ in run.results():
        pass
    seconds = time.monotonic() - began - 1
    with store.read() as connection:
        (row,) = catalog.runs(connection)
        assert (row.status, row.error, row.counts.failed, row.counts.gone) == ("interrupted", None, 0, 0)
        assert abandoned_files(connection) == {}
    return seconds


@pytest.mark.slow
def test_a_scan_of_slow_folders_is_stopped(
    store: Store, bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(100):
        (tmp_path / "slow" / f"{number}").mkdir(parents=True)
    quick = os.scandir

    def slow(folder: bytes) -> Any:
        time.sleep(0.3)
        return quick(folder)

    monkeypatch.setattr(os, "scandir", slow)
    run = new_run(store, bundle, tmp_path / "slow", threading.Event())
    assert seconds_until_stopped(run, store) < 5


@pytest.mark.slow
def test_a_photo_that_hangs_holds_up_no_stop_and_has_not_failed(
    store: Store, bundle: Bundle, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", hostile_codec(tmp_path / "codec"))
    (library / "hangs.bmp").write_bytes(HANG)
    run = new_run(store, bundle, library, threading.Event(), photo_timeout_s=120)
    assert seconds_until_stopped(run, store) < 20


def test_what_was_done_before_a_stop_stays_done(store: Store, bundle: Bundle, library: Path) -> None:
    run = new_run(store, bundle, library, stop := threading.Event())
    for _ in run.results():
        stop.set()
    assert (run.state.status, run.state.counts.tagged) == ("interrupted", 1)
    again = new_run(store, bundle, library, threading.Event())
    assert len(list(again.results())) == 2

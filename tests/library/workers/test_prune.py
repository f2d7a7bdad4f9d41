"""Whoever removes rows while workers work disturbs nobody."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from db.engine import Store, open_store
from db.write.prune import prune
from tagger.core.errors import RunInProgress
from tagger.core.run_options import Limits, RunOptions
from tagger.library.folders import forget_folder, move_folder
from tagger.library.runner import LibraryRun
from tagger.model.bundle import Bundle
from tagger.model.predictor import Tagger
from tests.db.samples import everything
from tests.drawn import ColourEngine, photos
from tests.library.workers.conftest import NewWorker, in_threads


def prune_all(store: Store) -> None:
    prune(store, gone_before=datetime.now(UTC) + timedelta(hours=1))


def test_photos_that_come_back_while_their_rows_are_removed_are_tagged(
    store: Store, bundle: Bundle, library: Path, tmp_path: Path, new_worker: NewWorker
) -> None:
    list(new_worker(library).results())
    for photo in sorted(library.glob("*.jpg"))[:100]:
        photo.unlink()
    gone = new_worker(library)
    gone.options = RunOptions(k=3, accept_missing=True)
    list(gone.results())
    photos(library / "again", 100)  # the same content
    photos(library / "new", 40, start=300)
    ended = threading.Event()

    def prune_meanwhile() -> None:
        while not ended.is_set():
            prune_all(store)

    pruning = threading.Thread(target=prune_meanwhile)
    pruning.start()
    with in_threads(new_worker(library), new_worker(library)):
        pass
    ended.set()
    pruning.join()
    list(new_worker(library).results())
    prune_all(store)
    with open_store(str(tmp_path / "reference.sqlite")) as reference:
        tagger = Tagger(bundle, ColourEngine(), Limits(threads=2))
        list(LibraryRun(reference, bundle, [str(library)], lambda: tagger, RunOptions(k=3)).results())
        assert everything(store) == everything(reference)


def test_folders_are_forgotten_and_moved_only_between_runs(store: Store, library: Path, new_worker: NewWorker) -> None:
    results = new_worker(library).results()
    next(results)
    with pytest.raises(RunInProgress, match="worker, process"):
        forget_folder(store, str(library))
    with pytest.raises(RunInProgress, match="worker, process"):
        move_folder(store, str(library), "/elsewhere")
    list(results)
    assert forget_folder(store, str(library)).photos == 120

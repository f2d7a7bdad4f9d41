"""A worker that does not see what others have found leaves it to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.engine import Store
from db.read import catalog
from tagger.core.errors import WorkerBlind
from tagger.library.missing import FEW
from tagger.library.path_map import PathMap
from tagger.library.workers.run import WorkerRun
from tests.drawn import photos
from tests.library.workers.conftest import NewWorker


def counted(store: Store, leader: WorkerRun) -> tuple[int, int, int]:
    """How many photos of a run were tagged, show none, and failed."""
    with store.read() as connection:
        counts = catalog.run(connection, leader.state.run_id).counts
    return counts.tagged, counts.none, counts.failed


def test_a_worker_that_sees_nothing_of_the_library_leaves_it_to_the_others(
    store: Store, library: Path, tmp_path: Path, new_worker: NewWorker
) -> None:
    photos(tmp_path / "own", 1)
    leader = new_worker(library)
    results = leader.results()
    next(results)
    blind = new_worker(tmp_path / "own", paths=PathMap({str(tmp_path / "not mounted"): str(library)}))
    with pytest.raises(WorkerBlind, match=r"cannot see '.*/not mounted/\d+\.jpg'.* Mount the drive here"):
        list(blind.results())
    list(results)
    assert counted(store, leader) == (90, 30, 1)


def test_a_worker_whose_drive_vanishes_leaves_the_rest_to_the_others(
    store: Store, library: Path, tmp_path: Path, new_worker: NewWorker
) -> None:
    mount = tmp_path / "mount"
    mount.symlink_to(library)
    photos(tmp_path / "own", 1)
    leader = new_worker(library)
    results = leader.results()
    next(results)
    helper = new_worker(tmp_path / "own", paths=PathMap({str(mount): str(library)}))
    helped = helper.results()
    next(helped)
    mount.unlink()
    mount.mkdir()  # as an unmounted drive's mount point
    with pytest.raises(WorkerBlind):
        list(helped)
    list(results)
    assert counted(store, leader) == (90, 30, 1)


def test_a_folder_whose_photos_were_all_moved_away_is_no_missing_drive_until_they_are_many(
    store: Store, library: Path, tmp_path: Path, new_worker: NewWorker
) -> None:
    few, many = library / "few", library / "many"
    photos(few, 3, start=500)
    photos(many, FEW + 5, start=600)
    photos(tmp_path / "own", 1)
    leader = new_worker(library)
    results = leader.results()
    next(results)
    for photo in [*few.iterdir(), *many.iterdir()]:
        photo.unlink()
    helper = new_worker(tmp_path / "own")
    with pytest.raises(WorkerBlind, match="/many/"):
        list(helper.results())
    list(results)
    assert counted(store, leader) == (90, 30, 1 + 3 + FEW + 5)


def test_the_last_worker_fails_on_what_it_does_not_see_as_a_single_process_would(
    library: Path, tmp_path: Path, new_worker: NewWorker
) -> None:
    alone = new_worker(library)
    results = alone.results()
    next(results)
    library.rename(tmp_path / "elsewhere")
    list(results)
    assert alone.state.counts.failed > 0
    assert alone.state.status == "done"

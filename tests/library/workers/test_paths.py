"""A machine may have the library, and folders in it, at other paths."""

from __future__ import annotations

import shutil
from pathlib import Path

from db.engine import Store
from tagger.library.path_map import PathMap
from tests.db.samples import everything
from tests.drawn import photos
from tests.library.workers.conftest import NewWorker


def test_a_machine_may_have_another_path_for_the_folder(
    store: Store, library: Path, tmp_path: Path, new_worker: NewWorker
) -> None:
    list(new_worker(library).results())
    expected = everything(store)
    mount = tmp_path / "mount"
    shutil.move(library, mount)
    photos(mount, 4, start=500)
    here = PathMap({str(mount): str(library)})
    results = list(new_worker(mount, paths=here).results())
    assert [Path(result.path).parent for result in results] == [library] * 4
    found = everything(store)
    assert len(found["file"]) == len(expected["file"]) + 4
    assert set(map(repr, expected["file"])) <= set(map(repr, found["file"]))
    (mount / "00000.jpg").unlink()
    last = new_worker(mount, paths=here)
    list(last.results())
    assert last.state.counts.gone == 1


def test_a_folder_in_a_mapped_one_may_have_a_path_of_its_own(tmp_path: Path, new_worker: NewWorker) -> None:
    volume = tmp_path / "volume"
    photos(volume, 4)
    photos(volume / "trips", 4, start=10)
    paths = PathMap({str(volume): "/mnt/photos", str(volume / "trips"): "/mnt/trips"})
    results = list(new_worker(volume, paths=paths).results())
    assert sorted({Path(result.path).parent for result in results}) == [Path("/mnt/photos"), Path("/mnt/trips")]
    again = new_worker(volume, paths=paths)
    assert list(again.results()) == []
    assert again.state.counts.unchanged == 8
    (volume / "trips" / "00010.jpg").unlink()
    last = new_worker(volume, paths=paths)
    list(last.results())
    assert (last.state.counts.gone, last.state.counts.unchanged) == (1, 7)


def test_what_a_mapped_folder_hides_is_neither_tagged_nor_missed(
    store: Store, tmp_path: Path, new_worker: NewWorker
) -> None:
    real, volume = tmp_path / "real", tmp_path / "volume"
    photos(real, 2)
    photos(real / "trips", 4, start=10)
    list(new_worker(real).results())
    before = everything(store)
    real.rename(volume)
    photos(volume / "trips", 2, start=20)
    paths = PathMap({str(volume): str(real), str(tmp_path / "others"): str(real / "trips")})
    hidden = new_worker(volume, paths=paths)
    assert list(hidden.results()) == []
    assert everything(store) == before
    photos(tmp_path / "others", 2, start=30)
    seeing = new_worker(volume, paths=paths)
    assert {Path(result.path).parent for result in seeing.results()} == {real / "trips"}
    assert (seeing.state.counts.tagged + seeing.state.counts.none, seeing.state.counts.gone) == (2, 4)

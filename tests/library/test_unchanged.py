"""What counts as unchanged: a file whose size and times are as stored, as far as the store knows them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from db.engine import Store
from tagger.core.run_options import RunOptions
from tagger.model.bundle import Bundle
from tests.drawn import ColourEngine, photos
from tests.library.test_runner import counts, new_run, tags


@pytest.fixture
def library(tmp_path: Path) -> Path:
    photos(tmp_path / "library", 12)
    return tmp_path / "library"


def replace_unnoticed(path: Path, data: bytes) -> None:
    """Replace a file by another with its modification time."""
    before = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_file_replaced_by_one_of_equal_size_and_time_is_read(store: Store, bundle: Bundle, library: Path) -> None:
    first, second = library / "00000.jpg", library / "00001.jpg"
    replace_unnoticed(first, first.read_bytes().ljust(1000))
    counts(new_run(store, bundle, library, ColourEngine()))
    replace_unnoticed(first, second.read_bytes().ljust(1000))
    assert counts(new_run(store, bundle, library, ColourEngine())) == {"tagged": 1, "inherited": 1, "unchanged": 11}
    assert tags(store)[0] == ("00000.jpg", "green_hill")


def test_a_broken_file_in_quarantine_that_is_replaced_unnoticed_is_tried_again(
    store: Store, bundle: Bundle, library: Path
) -> None:
    photo = (library / "00000.jpg").read_bytes()
    replace_unnoticed(library / "00000.jpg", b"no photo".ljust(len(photo)))
    counts(new_run(store, bundle, library, ColourEngine()))
    assert counts(new_run(store, bundle, library, ColourEngine())) == {"unchanged": 11, "set_aside": 1}
    replace_unnoticed(library / "00000.jpg", photo)
    assert counts(new_run(store, bundle, library, ColourEngine())) == {"unchanged": 11, "tagged": 1}


def test_files_of_an_earlier_version_are_unchanged_and_get_their_ctime(
    store: Store, bundle: Bundle, library: Path
) -> None:
    counts(new_run(store, bundle, library, ColourEngine()))
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE file SET ctime_ns = NULL")
    assert counts(new_run(store, bundle, library, ColourEngine())) == {"unchanged": 12}
    replace_unnoticed(library / "00000.jpg", (library / "00000.jpg").read_bytes())
    changed = {"tagged": 1, "inherited": 1, "unchanged": 11}
    assert counts(new_run(store, bundle, library, ColourEngine())) == changed


def test_on_request_every_file_is_read_and_none_inferred_again(store: Store, bundle: Bundle, library: Path) -> None:
    counts(new_run(store, bundle, library, ColourEngine()))
    engine = ColourEngine()
    again = new_run(store, bundle, library, engine)
    again.options = RunOptions(k=3, reread=True)
    assert counts(again) == {"tagged": 9, "none": 3, "inherited": 12}
    assert engine.photos_seen == 0

"""A write that is killed with SIGKILL leaves no half file, and the next one completes it."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from db.engine import Store, open_store
from db.read import sidecars
from db.read.filters import TagFilter
from tagger.export.xmp.changes import Change
from tagger.export.xmp.sidecars import WriteOptions, preview
from tests.export.xmp.written import bag, photo, sidecar, tag_photos, undo, write

pytestmark = [pytest.mark.process, pytest.mark.slow]

PHOTOS, KILLS = 500, 20
START_S = 60.0  # for a process to write its first file, on a busy machine
FOREIGN = sidecar(bag("dc:subject", "sea") + "<odd:thing>1</odd:thing>").encode()


@pytest.fixture
def library(tmp_path: Path, store: Store) -> Path:
    """500 photos of a landmark; every second one has a sidecar."""
    folder = tmp_path / "library"
    pictures = [photo(folder / f"{number:03}.jpg", size=(8, 8)) for number in range(PHOTOS)]
    for picture in pictures[::2]:
        (folder / f"{picture.name}.xmp").write_bytes(FOREIGN)
    tag_photos(store, pictures)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in sorted(os.listdir(folder)) if name.endswith(".xmp")}


def killed_write(store: Store, folder: Path, wait_s: float) -> None:
    """Write in a process of its own, and kill it some time after it has changed a file."""
    before = folder.stat().st_mtime_ns
    command = [sys.executable, "-m", "tagger", "xmp", "write", "--db", store.file]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + START_S
    while folder.stat().st_mtime_ns == before and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(wait_s)
    process.kill()
    process.wait()


@pytest.mark.sqlite
def test_after_twenty_kills_every_sidecar_is_whole_and_undo_brings_all_back(store: Store, library: Path) -> None:
    before, moments = contents(library), random.Random(7)
    complete = before | {
        Path(change.sidecar).name: change.new or b""
        for change in preview(store, TagFilter(), WriteOptions())
        if isinstance(change, Change)
    }
    assert len(complete) == PHOTOS
    interrupted = 0
    for _ in range(KILLS):
        killed_write(store, library, moments.uniform(0, 0.05))
        for name, content in contents(library).items():
            assert content in (before.get(name), complete[name]), name
        with store.read() as connection:
            interrupted += bool(sidecars.requests(connection, limit=1))
    assert interrupted >= KILLS / 2  # the others came after the end
    write(store, filters=TagFilter(landmarks=["machu_picchu"]))  # whatever the query, the list is completed
    write(store)
    assert contents(library) == complete
    assert len(os.listdir(library)) == 2 * PHOTOS
    undo(store)
    assert contents(library) == before
    assert len(os.listdir(library)) == PHOTOS + len(before)


@pytest.mark.sqlite
def test_undo_after_a_kill(store: Store, library: Path) -> None:
    before = contents(library)
    killed_write(store, library, 0.05)
    with open_store(store.file) as reopened:
        undo(reopened)
    assert contents(library) == before

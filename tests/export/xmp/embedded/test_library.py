"""By command: a photo that landmarks were written into is the same photo, and what was written is nobody's decision."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image

from db.engine import Store
from tagger.export.xmp import embedding
from tests.cli.conftest import Tagger, lines
from tests.cli.conftest import model_folder as model_folder
from tests.cli.conftest import own as own
from tests.cli.conftest import tagger as tagger
from tests.drawn import COLOURS, encoded
from tests.export.xmp.written import needs_programs, photo, tag_photos, undo, write

pytestmark = [needs_programs, pytest.mark.skipif(find_spec("exiv2") is None, reason="needs the extra embed")]

FORMATS = {"a.jpg": "JPEG", "b.png": "PNG", "c.webp": "WEBP"}
PHOTOS, KILLS = 60, 8
START_S = 60.0


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    for number, (name, file_format) in enumerate(FORMATS.items()):
        image = Image.new("RGB", (40 + number, 40), COLOURS["red_rock"])
        (folder / name).write_bytes(encoded(image, file_format))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_next_run_infers_nothing_and_undo_restores_every_byte(
    tagger: Tagger, library: Path, own: dict[str, str]
) -> None:
    tagger("tag", library)
    tagger("decide", library / "b.png", "--shows", "blue_lake")
    before, shown = contents(library), lines(tagger("query", "--json"))
    shown_in = {(hit["path"], hit["landmark"]) for hit in shown}
    done = tagger("xmp", "preview", "--embed")
    assert "+++" in done.stdout
    assert done.stderr.endswith("Photos: 3 would be changed, 0 cannot be changed. Nothing was written.\n")
    assert contents(library) == before
    assert tagger("xmp", "write", "--embed").stderr == "Photos: 3 written, 0 unchanged, 0 failed.\n"
    tagger("tag", library)
    with closing(sqlite3.connect(own["TAGGER_DB_URL"])) as connection:
        assert connection.execute("SELECT tagged, inherited FROM run ORDER BY id DESC").fetchone() == (3, 3)
    assert {(hit["path"], hit["landmark"]) for hit in lines(tagger("query", "--json"))} == shown_in
    assert tagger("xmp", "undo").stderr == "Photos: 3 restored, 0 unchanged, 0 failed.\n"
    assert contents(library) == before


@pytest.mark.parametrize("tag_again", [True, False])
def test_what_was_written_is_no_decision(tagger: Tagger, library: Path, tag_again: bool) -> None:
    tagger("tag", library)
    tagger("xmp", "write", "--embed")
    if tag_again:
        tagger("tag", library)
    done = tagger("decisions", "import", "--from-keywords")
    assert (done.returncode, "0 new decisions" in done.stderr) == (0, True)


def test_naming_and_embed_exclude_each_other_and_a_tool_is_needed(
    tagger: Tagger, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tagger("tag", library)
    done = tagger("xmp", "write", "--embed", "--naming", "both")
    assert (done.returncode, "--embed writes none" in done.stderr) == (2, True)
    monkeypatch.setattr(embedding, "find_spec", lambda _: None)
    monkeypatch.setattr(embedding.shutil, "which", lambda _: None)  # type: ignore[attr-defined]
    done = tagger("xmp", "write", "--embed")
    assert (done.returncode, "needs the extra 'embed'" in done.stderr) == (1, True)


@pytest.mark.sqlite
@pytest.mark.process
@pytest.mark.slow
def test_a_killed_write_leaves_every_photo_whole_and_the_next_one_completes_it(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "library"
    photos = [photo(folder / f"{number:02}.jpg", colour=(number, 200, 20), size=(800, 600)) for number in range(PHOTOS)]
    tag_photos(store, photos)
    before, moment = contents(folder), 0.0
    for _ in range(KILLS):
        kill_a_write(store, folder, moment := moment + 0.02)
        assert all(is_whole(path) for path in photos)
    write(store, naming="embedded")
    assert not any(path.read_bytes() == before[path.name] for path in photos)
    undo(store)
    assert contents(folder) == before


def kill_a_write(store: Store, folder: Path, wait_s: float) -> None:
    """Write in a process of its own, and kill it some time after it has begun to change the folder."""
    changed = folder.stat().st_mtime_ns
    command = [sys.executable, "-m", "tagger", "xmp", "write", "--embed", "--db", store.file]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + START_S
    while folder.stat().st_mtime_ns == changed and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(wait_s)
    process.kill()
    process.wait()


def is_whole(path: Path) -> bool:
    with Image.open(path) as image:
        image.load()
        return image.size == (800, 600)

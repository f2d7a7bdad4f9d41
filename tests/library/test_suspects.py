"""A photo that kills the whole process holds up no more than a few runs, and is named."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from db.engine import open_store
from db.errors import StoreLocked
from db.read import catalog, listings
from db.read.filters import FileFilter, PhotoFilter, TagFilter
from db.rows import RunRow
from db.write.runs import abandoned_files
from tagger.core.errors import DecoderUnavailable, EngineFailed
from tagger.core.run_options import Limits, RunOptions
from tagger.core.types import Result
from tagger.library.runner import LibraryRun
from tagger.model.bundle import open_bundle, write_bundle
from tagger.model.predictor import Tagger
from tests.drawn import ColourEngine, card, jpeg, photos

WHITE = (255, 255, 255)

RUN = """
import os, signal, sys
from pathlib import Path
from db.engine import open_store
from tagger.model.bundle import open_bundle
from tagger.model.predictor import Tagger
from tagger.core.run_options import RunOptions
from tagger.core.run_options import Limits
from tagger.library.runner import LibraryRun
from tests.drawn import ColourEngine

class Killed(ColourEngine):
    def logits(self, batch):
        if (batch.mean(axis=(1, 2, 3)) > 250).any():
            os.kill(os.getpid(), signal.SIGKILL)
        return super().logits(batch)

folder, bundle, database, *options = sys.argv[1:]
bundle = open_bundle(Path(bundle))
tagger = Tagger(bundle, Killed(), Limits(threads=2))
with open_store(database) as store:
    run_options = RunOptions(max_attempts=3, retry_failed="retry" in options)
    run = LibraryRun(store, bundle, [folder], lambda: tagger, run_options)
    print(*(result.path.rpartition("/")[2] for result in run.results()))
    print(*(path.rpartition("/")[2] for path in run.state.given_up))
"""


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle", card(), {"model.onnx": b"one"}).folder


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Twelve photos, the sixth of which kills the process."""
    photos(tmp_path / "library", 11)
    (tmp_path / "library" / "00005k.jpg").write_bytes(jpeg(WHITE))
    return tmp_path / "library"


def run(library: Path, bundle: Path, database: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", RUN, str(library), str(bundle), str(database), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def runs(database: Path) -> list[RunRow]:
    with open_store(str(database)) as store, store.read() as connection:
        return catalog.runs(connection)[::-1]


@pytest.mark.process
def test_a_photo_that_kills_the_process_is_tried_last_and_alone_and_at_last_no_more(
    library: Path, bundle: Path, tmp_path: Path
) -> None:
    database = tmp_path / "tags.sqlite"
    assert [run(library, bundle, database).returncode for _ in range(3)] == [-signal.SIGKILL] * 3
    assert run(library, bundle, database).stdout == "00005k.jpg\n00005k.jpg\n"
    assert [row.status for row in runs(database)] == ["died", "died", "died", "done"]
    with open_store(str(database)) as store, store.read() as connection:
        (failure,) = listings.failures(connection, FileFilter()).hits
        answered = listings.tags(connection, TagFilter()).hits, listings.nones(connection, PhotoFilter()).hits
    assert sum(map(len, answered)) == 11
    assert (failure.kind, failure.attempts) == ("process_died", 3)
    assert failure.quarantined_at is not None
    assert failure.message == "the process died 3 times while working on this file"


@pytest.mark.process
def test_in_quarantine_it_is_left_alone_and_tried_alone_when_somebody_asks(
    library: Path, bundle: Path, tmp_path: Path
) -> None:
    database = tmp_path / "tags.sqlite"
    for _ in range(4):
        run(library, bundle, database)
    assert run(library, bundle, database).stdout == "\n\n"
    (library / "new.jpg").write_bytes(jpeg((30, 40, 220)))
    assert run(library, bundle, database, "retry").returncode == -signal.SIGKILL
    assert [(row.status, row.counts.tagged) for row in runs(database)][-1] == ("running", 1)
    (library / "00005k.jpg").write_bytes(jpeg())
    assert run(library, bundle, database).stdout == "00005k.jpg\n\n"
    with open_store(str(database)) as store, store.read() as connection:
        assert listings.failures(connection, FileFilter()).hits == ()
        assert abandoned_files(connection) == {}


@pytest.mark.process
def test_another_model_tries_it_again_alone(library: Path, bundle: Path, tmp_path: Path) -> None:
    database = tmp_path / "tags.sqlite"
    for _ in range(4):
        run(library, bundle, database)
    other = write_bundle(tmp_path / "other", card(), {"model.onnx": b"other"})
    tagger = Tagger(other, ColourEngine(), Limits(threads=2))
    assert night(tagger, library, database)[-1] == "00005k.jpg"
    with open_store(str(database)) as store, store.read() as connection:
        assert listings.failures(connection, FileFilter()).hits == ()
        assert abandoned_files(connection) == {}


@pytest.mark.process
def test_what_a_dead_run_had_in_work_and_is_gone_since_is_let_go(library: Path, bundle: Path, tmp_path: Path) -> None:
    database = tmp_path / "tags.sqlite"
    run(library, bundle, database)
    (library / "00005k.jpg").unlink()
    assert run(library, bundle, database).returncode == 0
    with open_store(str(database)) as store, store.read() as connection:
        assert abandoned_files(connection) == {}


class Stumbling(Tagger):
    """Has a bug that one photo brings out."""

    def __init__(self, bundle: Path, error: BaseException) -> None:
        super().__init__(open_bundle(bundle), ColourEngine(), Limits(threads=2))
        self.error = error

    def tag(self, *arguments: Any, **options: Any) -> Iterator[Result]:  # type: ignore[override]
        for result in super().tag(*arguments, **options):
            if result.path.endswith("k.jpg"):
                raise self.error
            yield result


def night(tagger: Tagger, library: Path, database: Path) -> list[str]:
    """The photos that a run answers."""
    with open_store(str(database)) as store:
        new = LibraryRun(store, tagger.bundle, [str(library)], lambda: tagger, RunOptions(max_attempts=3))
        return [Path(result.path).name for result in new.results()]


def test_a_photo_that_ends_runs_with_an_error_nobody_expected_is_found_like_one_that_kills_them(
    library: Path, bundle: Path, tmp_path: Path
) -> None:
    database, tagger = tmp_path / "tags.sqlite", Stumbling(bundle, ZeroDivisionError("a bug"))
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            night(tagger, library, database)
    assert night(tagger, library, database) == ["00005k.jpg"]
    assert [row.status for row in runs(database)] == ["failed", "failed", "failed", "done"]
    assert sum(row.counts.tagged + row.counts.none for row in runs(database)) == 11
    with open_store(str(database)) as store, store.read() as connection:
        (failure,) = listings.failures(connection, FileFilter()).hits
    assert (failure.kind, failure.attempts, failure.quarantined_at is not None) == ("process_died", 3, True)


@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt(),
        SystemExit(1),
        StoreLocked("tags.sqlite", 30),
        EngineFailed("the card fell off the bus"),
        DecoderUnavailable("no memory"),
        MemoryError(),
        RuntimeError("can't start new thread"),
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EMFILE, "Too many open files"),
    ],
    ids=lambda error: str(error) or type(error).__name__,
)
def test_an_error_that_says_nothing_about_the_photos_leaves_no_suspects(
    library: Path, bundle: Path, tmp_path: Path, error: BaseException
) -> None:
    database = tmp_path / "tags.sqlite"
    with pytest.raises(type(error)):
        night(Stumbling(bundle, error), library, database)
    with open_store(str(database)) as store, store.read() as connection:
        assert abandoned_files(connection) == {}

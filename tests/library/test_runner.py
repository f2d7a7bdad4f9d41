"""A run stores every answer once, does nothing twice, and loses nothing whatever ends it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from db.engine import Store, open_store
from db.read import catalog, listings
from db.read.filters import FileFilter, PhotoFilter, TagFilter
from tagger.core.errors import EngineFailed, FolderNotFound
from tagger.core.run_options import Limits, RunOptions
from tagger.core.types import Result
from tagger.library.runner import LibraryRun
from tagger.model.bundle import Bundle, write_bundle
from tagger.model.predictor import Tagger
from tests.drawn import ColourEngine, card, jpeg, photos

LIMITS = Limits(threads=2)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    photos(tmp_path / "library", 12)
    return tmp_path / "library"


def new_run(
    store: Store, bundle: Bundle, root: Path, engine: ColourEngine, k: int = 3, *, whole: bool = False
) -> LibraryRun:
    tagger = Tagger(bundle, engine, LIMITS)
    return LibraryRun(store, bundle, [str(root)], lambda: tagger, RunOptions(k=k), with_unchanged=whole)


def counts(run: LibraryRun) -> dict[str, int]:
    for _ in run.results():
        pass
    return {name: count for name, count in asdict(run.state.counts).items() if count}


def tags(store: Store, model: str | None = None) -> list[tuple[str, str]]:
    with store.read() as connection:
        hits = listings.all_hits(listings.tags, connection, TagFilter(model=model))
        return [(os.path.basename(hit.path), hit.landmark) for hit in hits]


def test_a_run_stores_tags_and_honest_nones(store: Store, bundle: Bundle, library: Path) -> None:
    assert counts(new_run(store, bundle, library, ColourEngine())) == {"tagged": 9, "none": 3}
    assert tags(store)[:3] == [("00000.jpg", "red_rock"), ("00001.jpg", "green_hill"), ("00002.jpg", "blue_lake")]
    with store.read() as connection:
        nones = list(listings.all_hits(listings.nones, connection, PhotoFilter()))
    assert [os.path.basename(hit.path) for hit in nones] == ["00003.jpg", "00007.jpg", "00011.jpg"]


def test_a_second_run_changes_nothing_and_opens_no_model(store: Store, bundle: Bundle, library: Path) -> None:
    counts(new_run(store, bundle, library, ColourEngine()))
    again = new_run(store, bundle, library, ColourEngine())
    again.open_tagger = lambda: pytest.fail("a model was opened for nothing")
    assert counts(again) == {"unchanged": 12}


def test_a_rerun_yields_the_stored_answers_in_the_same_order(store: Store, bundle: Bundle, library: Path) -> None:
    first = list(new_run(store, bundle, library, ColourEngine(), whole=True).results())
    (library / "00000b.jpg").write_bytes(jpeg())
    (library / "00005.jpg").unlink()
    second = list(new_run(store, bundle, library, ColourEngine(), whole=True).results())
    assert [os.path.basename(r.path) for r in second] == sorted(path.name for path in library.iterdir())

    def answers(results: list[Result]) -> dict[str, object]:
        return {r.path: (r.sha256, r.answer) for r in results}

    assert answers(first).items() - answers(second).items() == {
        (str(library / "00005.jpg"), (first[5].sha256, first[5].answer))
    }


def test_a_move_or_copy_inherits_its_tags_without_inference(store: Store, bundle: Bundle, library: Path) -> None:
    counts(new_run(store, bundle, library, ColourEngine()))
    (library / "trip").mkdir()
    (library / "00000.jpg").rename(library / "trip" / "moved.jpg")
    (library / "copy.jpg").write_bytes((library / "00001.jpg").read_bytes())
    engine = ColourEngine()
    assert counts(new_run(store, bundle, library, engine)) == {"tagged": 2, "inherited": 2, "unchanged": 11, "moved": 1}
    assert engine.photos_seen == 0
    assert ("moved.jpg", "red_rock") in tags(store)
    assert ("00000.jpg", "red_rock") not in tags(store)


def test_copies_in_one_run_are_inferred_once(store: Store, bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "twins").mkdir()
    for number in range(400):
        (tmp_path / "twins" / f"{number:03}.jpg").write_bytes(jpeg())
    engine = ColourEngine()
    assert counts(new_run(store, bundle, tmp_path / "twins", engine)) == {"tagged": 400, "inherited": 399}
    assert engine.photos_seen == 1
    assert len(tags(store)) == 400


def test_changed_content_is_looked_at_again(store: Store, bundle: Bundle, library: Path) -> None:
    counts(new_run(store, bundle, library, ColourEngine()))
    (library / "00000.jpg").write_bytes(jpeg((30, 40, 220)))
    assert counts(new_run(store, bundle, library, ColourEngine())) == {"tagged": 1, "unchanged": 11}
    assert tags(store)[0] == ("00000.jpg", "blue_lake")


def test_a_touched_file_is_read_but_not_inferred(store: Store, bundle: Bundle, library: Path) -> None:
    counts(new_run(store, bundle, library, ColourEngine()))
    os.utime(library / "00000.jpg", (1, 1))
    engine = ColourEngine()
    assert counts(new_run(store, bundle, library, engine)) == {"tagged": 1, "inherited": 1, "unchanged": 11}
    assert engine.photos_seen == 0


def test_gone_files_keep_their_tags_and_are_themselves_again_when_they_return(
    store: Store, bundle: Bundle, library: Path
) -> None:
    counts(new_run(store, bundle, library, ColourEngine()))
    (library / "00000.jpg").rename(library.parent / "elsewhere.jpg")
    assert counts(new_run(store, bundle, library, ColourEngine())) == {"unchanged": 11, "gone": 1}
    assert len(tags(store)) == 8
    (library.parent / "elsewhere.jpg").rename(library / "00000.jpg")
    back = {"tagged": 1, "inherited": 1, "unchanged": 11}
    assert counts(new_run(store, bundle, library, ColourEngine())) == back
    assert len(tags(store)) == 9


def test_failures_are_stored_with_their_reason_and_end_when_the_file_is_mended(
    store: Store, bundle: Bundle, library: Path
) -> None:
    (library / "bad.jpg").write_text("no photo")
    assert counts(new_run(store, bundle, library, ColourEngine()))["failed"] == 1
    assert counts(new_run(store, bundle, library, ColourEngine())) == {"unchanged": 12, "set_aside": 1}
    with store.read() as connection:
        (failure,) = listings.all_hits(listings.failures, connection, FileFilter())
    assert (failure.kind, failure.attempts) == ("unsupported", 1)
    (library / "bad.jpg").write_bytes(jpeg())
    assert counts(new_run(store, bundle, library, ColourEngine())) == {"tagged": 1, "unchanged": 12}


def test_a_new_model_tags_what_it_has_not_tagged_and_keeps_the_old_suggestions(
    store: Store, bundle: Bundle, library: Path, tmp_path: Path
) -> None:
    counts(new_run(store, bundle, library, ColourEngine()))
    newer = write_bundle(tmp_path / "newer", card(name="shades"), {"model.onnx": b"two"})
    assert counts(new_run(store, newer, library, ColourEngine())) == {"tagged": 9, "none": 3}
    assert counts(new_run(store, bundle, library, ColourEngine())) == {"unchanged": 12}
    assert len(tags(store, model="colours")) == len(tags(store, model="shades")) == len(tags(store)) == 9


def test_more_suggestions_than_are_stored_are_asked_of_the_model_again(
    store: Store, bundle: Bundle, library: Path
) -> None:
    counts(new_run(store, bundle, library, ColourEngine(), k=1))
    engine = ColourEngine()
    results = list(new_run(store, bundle, library, engine, k=3, whole=True).results())
    assert engine.photos_seen == 12
    assert {len(r.answer.suggestions) for r in results} == {3}


class BreakingEngine(ColourEngine):
    def logits(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        if self.photos_seen >= 8:
            raise EngineFailed("out of luck")
        return super().logits(batch)


def test_an_engine_error_ends_the_run_with_everything_before_it_stored(
    store: Store, bundle: Bundle, library: Path
) -> None:
    with pytest.raises(EngineFailed, match="00008"):
        counts(new_run(store, bundle, library, BreakingEngine()))
    assert len(tags(store)) == 6
    with store.read() as connection:
        (ended,) = catalog.runs(connection)
    assert (ended.status, ended.counts.tagged) == ("failed", 6)
    assert "out of luck" in str(ended.error)
    assert counts(new_run(store, bundle, library, ColourEngine())) == {"tagged": 3, "none": 1, "unchanged": 8}


def test_ctrl_c_keeps_what_is_done(store: Store, bundle: Bundle, library: Path) -> None:
    results = new_run(store, bundle, library, ColourEngine()).results()
    with pytest.raises(KeyboardInterrupt):
        for number, _ in enumerate(results, start=1):
            if number == 5:
                results.throw(KeyboardInterrupt())
    with store.read() as connection:
        (ended,) = catalog.runs(connection)
    assert (ended.status, ended.counts.tagged, ended.counts.none) == ("interrupted", 4, 1)


def test_a_missing_folder_changes_nothing(store: Store, bundle: Bundle, library: Path) -> None:
    counts(new_run(store, bundle, library, ColourEngine()))
    with pytest.raises(FolderNotFound):
        counts(new_run(store, bundle, library.parent / "unplugged", ColourEngine()))
    assert len(tags(store)) == 9


def test_names_that_are_no_text_are_found_again(store: Store, bundle: Bundle, tmp_path: Path) -> None:
    strange = os.fsencode(tmp_path / "names") + b"/\xff \xe9.jpg"
    (tmp_path / "names").mkdir()
    Path(os.fsdecode(strange)).write_bytes(jpeg())
    counts(new_run(store, bundle, tmp_path / "names", ColourEngine()))
    assert counts(new_run(store, bundle, tmp_path / "names", ColourEngine())) == {"unchanged": 1}
    assert [os.fsencode(name) for name, _ in tags(store)] == [b"\xff \xe9.jpg"]


@pytest.mark.parametrize("mtime_ns", [14 * 10**18, -(2**62)])
def test_a_file_from_a_broken_clock_stops_nothing(store: Store, bundle: Bundle, library: Path, mtime_ns: int) -> None:
    os.utime(library / "00001.jpg", ns=(0, mtime_ns))
    assert counts(new_run(store, bundle, library, ColourEngine())) == {"tagged": 9, "none": 3}
    assert counts(new_run(store, bundle, library, ColourEngine())) == {"unchanged": 12}


def test_a_file_named_twice_is_one_file(store: Store, bundle: Bundle, library: Path) -> None:
    run = new_run(store, bundle, library, ColourEngine())
    run.roots = [str(library), str(library / "00001.jpg"), str(library)]
    assert counts(run) == {"tagged": 9, "none": 3}


def test_files_in_a_closed_folder_are_not_gone_and_its_failure_ends_when_it_opens(
    bundle: Bundle, public_folder: Path, without_privileges: Callable[[], AbstractContextManager[None]]
) -> None:
    public_folder.chmod(0o777)
    trip = public_folder / "library" / "trip"
    photos(trip, 3)

    def run() -> tuple[dict[str, int], int, int]:
        with without_privileges(), open_store(f"sqlite:///{public_folder / 'tags.sqlite'}") as own:
            run_counts = counts(new_run(own, bundle, public_folder / "library", ColourEngine()))
            with own.read() as connection:
                return run_counts, len(tags(own)), len(listings.failures(connection, FileFilter()).hits)

    assert run() == ({"tagged": 3}, 3, 0)
    trip.chmod(0)
    assert run() == ({"failed": 1}, 3, 1)
    trip.chmod(0o755)
    run_counts, tagged, failed = run()
    assert (run_counts["unchanged"], tagged, failed) == (3, 3, 0)


def test_even_a_bug_leaves_a_run_that_says_how_it_ended(store: Store, bundle: Bundle, library: Path) -> None:
    def broken() -> Tagger:
        raise ZeroDivisionError("a bug")

    run = new_run(store, bundle, library, ColourEngine())
    run.open_tagger = broken
    with pytest.raises(ZeroDivisionError):
        counts(run)
    with store.read() as connection:
        (ended,) = catalog.runs(connection)
    assert (ended.status, ended.error) == ("failed", "a bug")


@pytest.mark.sqlite
def test_the_database_is_plain_sqlite(store: Store, bundle: Bundle, library: Path) -> None:
    counts(new_run(store, bundle, library, ColourEngine()))
    connection = sqlite3.connect(store.file)
    assert connection.execute("SELECT count(*) FROM suggestion").fetchone() == (36,)
    connection.close()

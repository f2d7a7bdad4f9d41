"""What the jobs do, and that each leaves a row that says how it ended."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from db.engine import Store
from db.read import catalog
from db.read.catalog import last_starts
from db.write.files import mark_missing
from db.write.runs import abandoned_files
from db.write.undo import undo_run
from tagger.config.settings import Settings, load_settings
from tagger.core.errors import ConfigError, UnknownJob
from tagger.core.progress import Silent
from tagger.core.run_options import Limits, RunOptions
from tagger.core.types import Result
from tagger.jobs import tagging
from tagger.jobs.context import JobContext, JobResult
from tagger.jobs.registry import JOBS, overview, run_job
from tagger.model.bundle import Bundle, write_bundle
from tagger.model.predictor import Tagger
from tests.drawn import COLOURS, ColourEngine, card, jpeg, photos

LIMITS = Limits(threads=2)
MakeContext = Callable[..., JobContext]


class ForgetfulEngine(ColourEngine):
    """Has lost what it knew of red."""

    def logits(self, batch: Any) -> Any:
        found = super().logits(batch)
        found[:, 0] = -9
        return found


@pytest.fixture
def library(tmp_path: Path) -> Path:
    photos(tmp_path / "library", 12)
    return tmp_path / "library"


def settings(bundle: Bundle, library: Path, **jobs: Any) -> Settings:
    return load_settings({"bundle": bundle.folder, "folders": (library,), "jobs": jobs})


@pytest.fixture
def context(store: Store, bundle: Bundle, library: Path) -> MakeContext:
    """Makes contexts for jobs over the library, with an engine of the test's own."""

    def make(engine: ColourEngine | None = None, model: Bundle | None = None, **jobs: Any) -> JobContext:
        used = model or bundle
        return JobContext(
            settings(used, library, **jobs), store, lambda: Tagger(used, engine or ColourEngine(), LIMITS)
        )

    return make


def statuses(store: Store) -> list[str]:
    with store.read() as connection:
        return [f"{row.start.job} {row.status}" for row in reversed(catalog.runs(connection))]


def test_nightly_tags_what_is_new(context: MakeContext, store: Store, library: Path) -> None:
    first = run_job("nightly", context())
    assert first.status == "done"
    assert "9 tagged, 3 without a known landmark, 0 failed" in first.message
    photos(library, 4, start=12)
    assert "3 tagged, 1 without" in run_job("nightly", context()).message
    assert statuses(store) == ["nightly done", "nightly done"]


def test_the_end_of_the_window_ends_a_run_and_the_next_goes_on(
    context: MakeContext, store: Store, library: Path
) -> None:
    late = tagging.run(context(), [str(library)], job="nightly", options=RunOptions(), until=datetime.now(UTC))
    assert late.status == "stopped"
    assert run_job("nightly", context()).status == "done"
    assert statuses(store) == ["nightly stopped", "nightly done"]


def test_a_folder_that_is_not_there_is_bad_news_and_stops_no_other(
    context: MakeContext, store: Store, bundle: Bundle, library: Path
) -> None:
    both = load_settings({"bundle": bundle.folder, "folders": (library.parent / "unplugged", library)})
    ended = run_job("nightly", JobContext(both, store, context().open_tagger))
    assert ended.status == "failed"
    assert "unplugged does not exist" in ended.message
    assert "9 tagged" in ended.message


def test_a_photo_that_fails_is_counted(context: MakeContext, library: Path) -> None:
    (library / "bad.jpg").write_text("no photo")
    assert run_job("nightly", context()).failed_photos == 1


def test_a_stop_ends_a_night_and_the_next_goes_on(context: MakeContext, store: Store) -> None:
    stopped = context()
    stopped.stop.set()
    assert run_job("nightly", stopped).status == "stopped"
    assert run_job("nightly", context()).status == "done"
    begun = [] if store.is_on_server else ["nightly interrupted"]  # a server's night had not begun
    assert statuses(store) == [*begun, "nightly done"]


def test_nightly_without_folders_says_what_to_set(store: Store, context: MakeContext) -> None:
    with pytest.raises(ConfigError, match="folders"):
        run_job("nightly", JobContext(load_settings({}), store, context().open_tagger))
    with store.read() as connection:
        last = last_starts(connection)["nightly"]
    assert (last.status, last.message) == ("failed", 'No folders are set. Name them in the settings file: folders = '
                                           '["/home/ann/Pictures"]')  # fmt: skip


def test_retag_looks_only_at_what_another_model_tagged(context: MakeContext, library: Path, tmp_path: Path) -> None:
    run_job("nightly", context())
    photos(library, 4, start=12)
    newer = write_bundle(tmp_path / "newer", card(name="shades"), {"model.onnx": b"two"})
    engine = ColourEngine()
    assert "9 tagged, 3 without" in run_job("retag", context(engine, newer)).message
    assert engine.photos_seen == 12
    assert "0 tagged" in run_job("retag", context(engine, newer)).message
    assert "3 tagged, 1 without" in run_job("nightly", context(engine, newer)).message


def test_retag_tags_anew_what_was_taken_back(context: MakeContext, store: Store) -> None:
    run_job("nightly", context())
    with store.write() as connection:
        undo_run(connection, 1)
    assert "0 tagged, 0 without" in run_job("nightly", context()).message
    assert "9 tagged, 3 without" in run_job("retag", context()).message


@pytest.mark.sqlite
@pytest.mark.parametrize(("folder", "given"), [("copies", {"backup_folder": "copies"}), ("backups", {})])
def test_backup_says_where_it_is(context: MakeContext, tmp_path: Path, folder: str, given: dict[str, str]) -> None:
    own = {name: tmp_path / value for name, value in given.items()}
    for _ in range(2):
        ended = run_job("backup", context(**own, backup_keep=1))
    (copy,) = (tmp_path / folder).iterdir()
    assert ended.message.startswith(str(copy))


def test_prune_removes_what_is_long_gone(context: MakeContext, store: Store, library: Path) -> None:
    run_job("nightly", context())
    with store.write() as connection:
        mark_missing(connection, [str(library / "00000.jpg")])
        connection.exec_driver_sql("UPDATE file SET gone_at = '2020-01-01 00:00:00' WHERE gone_at IS NOT NULL")
    assert run_job("prune", context()).message == "removed 1 file gone for 90 days, and 1 photo"


class Pruning(Silent):
    """Prunes as soon as a run has its first answer."""

    def __init__(self, context: JobContext) -> None:
        self._context = context

    def advance(self, result: Result) -> None:  # noqa: ARG002
        run_job("prune", self._context)


def test_a_photo_pruned_while_a_run_finds_it_again_is_new_to_the_next_run(
    context: MakeContext, store: Store, library: Path
) -> None:
    run_job("nightly", context())
    with store.write() as connection:
        mark_missing(connection, [str(library / "00000.jpg")])
        connection.exec_driver_sql("UPDATE file SET gone_at = '2020-01-01 00:00:00' WHERE gone_at IS NOT NULL")
    (library / "00000.jpg").rename(library / "found.jpg")
    meanwhile = run_job("nightly", replace(context(), progress=Pruning(context())))
    assert (meanwhile.status, "1 tagged" in meanwhile.message) == ("done", True)
    engine = ColourEngine()
    assert "1 tagged, 0 without a known landmark, 0 failed, 11 unchanged" in run_job("nightly", context(engine)).message
    assert engine.photos_seen == 1
    with store.read() as connection:
        assert abandoned_files(connection) == {}


@pytest.fixture
def known_pictures(tmp_path: Path) -> Path:
    for label, colour in [*COLOURS.items(), ("none", (128, 128, 128))]:
        (tmp_path / "canary" / label).mkdir(parents=True)
        (tmp_path / "canary" / label / f"{label}.jpg").write_bytes(jpeg(colour))
    return tmp_path / "canary"


def test_a_canary_sings_while_the_model_works(context: MakeContext, known_pictures: Path) -> None:
    for _ in range(2):
        ended = run_job("canary", context(canary_folder=known_pictures))
        assert ended == JobResult("4 of 4 known pictures have the right answer")


def test_a_model_that_broke_is_told_until_it_is_mended(context: MakeContext, known_pictures: Path) -> None:
    run_job("canary", context(canary_folder=known_pictures))
    for _ in range(2):
        broken = run_job("canary", context(ForgetfulEngine(), canary_folder=known_pictures))
        assert broken.status == "failed"
        assert "GOT WORSE: 3 of 4" in broken.message
        assert "red_rock.jpg (it was red_rock 98%, now none" in broken.message
    assert run_job("canary", context(canary_folder=known_pictures)).status == "done"


def test_a_newer_model_that_knows_less_is_told_too(context: MakeContext, known_pictures: Path, tmp_path: Path) -> None:
    run_job("canary", context(canary_folder=known_pictures))
    newer = write_bundle(tmp_path / "newer", card(name="shades"), {"model.onnx": b"two"})
    assert run_job("canary", context(ForgetfulEngine(), newer, canary_folder=known_pictures)).status == "failed"


def test_what_was_never_right_is_no_drop(context: MakeContext, known_pictures: Path) -> None:
    shutil.copy(known_pictures / "none" / "none.jpg", known_pictures / "red_rock" / "hard.jpg")
    (known_pictures / "none" / "none.jpg").unlink()
    for _ in range(2):
        ended = run_job("canary", context(canary_folder=known_pictures))
        assert (ended.status, ended.message[:6]) == ("done", "3 of 4")


def test_a_picture_that_is_taken_away_is_forgotten(context: MakeContext, known_pictures: Path) -> None:
    run_job("canary", context(canary_folder=known_pictures))
    shutil.rmtree(known_pictures / "red_rock")
    assert run_job("canary", context(ForgetfulEngine(), canary_folder=known_pictures)).status == "done"


def test_drawn_pictures_find_a_runtime_that_answers_otherwise(context: MakeContext) -> None:
    assert run_job("canary", context()).status == "done"
    assert run_job("canary", context()).status == "done"
    broken = run_job("canary", context(ForgetfulEngine()))
    assert (
        "4 of 5 known pictures have the right answer; right before, wrong now: a red picture (it was" in broken.message
    )


def test_a_label_that_is_no_landmark_is_named(context: MakeContext, known_pictures: Path) -> None:
    (known_pictures / "none").rename(known_pictures / "nothing")
    with pytest.raises(ConfigError, match="'nothing' is not a landmark"):
        run_job("canary", context(canary_folder=known_pictures))


@pytest.mark.sqlite
def test_the_digest_says_what_is_bad_first(context: MakeContext, library: Path, tmp_path: Path) -> None:
    assert run_job("digest", context()).message.splitlines()[0] == "All is well."
    (library / "bad.jpg").write_text("no photo")
    run_job("nightly", context())
    (tmp_path / "full").touch()
    with pytest.raises(Exception, match="could not be copied"):
        run_job("backup", context(backup_folder=tmp_path / "full"))
    first, second, *others = run_job("digest", context()).message.splitlines()
    assert first.startswith("! backup failed: The database could not be copied")
    assert second == "1 run: 9 tagged, 3 without a known landmark, 1 failed, 0 gone"
    assert others[-1] == "The library has 12 photos in 13 files. Could not be read: 1 unsupported; in quarantine: 0."


def test_a_job_that_there_is_not_leaves_no_row(context: MakeContext, store: Store) -> None:
    with pytest.raises(UnknownJob, match="nightly, retag"):
        run_job("nigthly", context())
    with store.read() as connection:
        assert last_starts(connection) == {}


def test_what_a_bug_does_to_a_job_is_on_its_row(
    context: MakeContext, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(_context: JobContext) -> JobResult:
        raise ZeroDivisionError

    monkeypatch.setitem(JOBS, "prune", bug)
    with pytest.raises(ZeroDivisionError):
        run_job("prune", context())
    with store.read() as connection:
        last = last_starts(connection)["prune"]
    assert (last.status, last.message) == ("failed", "ZeroDivisionError")


def test_the_overview_has_every_job_with_its_next_time(context: MakeContext, store: Store) -> None:
    run_job("backup", context())
    lines = {line.job: line for line in overview(context().settings, store)}
    assert list(lines) == ["nightly", "retag", "backup", "prune", "canary", "digest"]
    assert lines["nightly"].next_at is not None
    assert lines["nightly"].next_at > datetime.now(UTC)
    assert (lines["retag"].next_at, lines["nightly"].last) == (None, None)
    assert lines["backup"].last is not None
    assert lines["backup"].last.status == "done"

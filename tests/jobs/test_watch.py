"""A new photo is tagged soon after it is complete, and not before. Real folders, real events."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

pytest.importorskip("watchdog", reason="the extra 'watch' is not installed")

from db.engine import Store
from db.read import catalog, listings
from db.read.filters import TagFilter
from tagger.config.settings import load_settings
from tagger.core.errors import FolderNotFound, FolderNotReadable, WatchFailed
from tagger.jobs import watch as watching
from tagger.jobs.context import JobContext
from tagger.jobs.watch import watch
from tagger.library.locks.run import run_lock
from tests.drawn import jpeg, photos
from tests.jobs.watching import context, eventually, failed, library, polls_often, tagged, watched

__all__ = ["context", "library", "polls_often"]  # fixtures

pytestmark = pytest.mark.slow


def test_what_is_there_is_tagged_and_then_what_comes(context: JobContext, store: Store, library: Path) -> None:
    with watched(context, library):
        eventually(lambda: tagged(store) == {"00000.jpg"})
        (library / "new.jpg").write_bytes(jpeg())
        eventually(lambda: "new.jpg" in tagged(store))
        (library / "part").write_bytes(jpeg(quality=90))
        (library / "part").rename(library / "renamed.jpg")
        eventually(lambda: "renamed.jpg" in tagged(store))
        with store.read() as connection:
            assert {row.start.job for row in catalog.runs(connection)} == {"watch"}


def test_a_photo_that_is_written_slowly_is_tagged_when_it_is_complete(
    context: JobContext, store: Store, library: Path
) -> None:
    data = jpeg(size=(400, 300))
    with watched(context, library):
        eventually(lambda: bool(tagged(store)))
        with (library / "slow.jpg").open("wb") as opened:
            for start in range(0, len(data), len(data) // 20):
                opened.write(data[start : start + len(data) // 20])
                opened.flush()
                time.sleep(0.05)
        eventually(lambda: "slow.jpg" in tagged(store))
    assert failed(store) == 0


def test_a_folder_that_comes_as_a_whole_is_tagged(
    context: JobContext, store: Store, library: Path, tmp_path: Path
) -> None:
    photos(tmp_path / "trip" / "day", 3)
    with watched(context, library):
        eventually(lambda: bool(tagged(store)))
        (tmp_path / "trip").rename(library / "trip")
        eventually(lambda: len(tagged(store)) == 3)  # the first photo's content is that of the one that was there
        shutil.copytree(library / "trip", library / "copied")
        (library / "copied" / "day" / "last.jpg").write_bytes(jpeg())
        eventually(lambda: "last.jpg" in tagged(store))


def test_what_a_scan_would_skip_is_skipped(context: JobContext, store: Store, library: Path) -> None:
    with watched(context, library):
        eventually(lambda: bool(tagged(store)))
        for place in (".hidden", "thumbs", "quiet"):
            (library / place).mkdir()
        (library / "quiet" / ".nomedia").touch()
        for place in (".hidden", "thumbs", "quiet"):
            (library / place / f"in {place}.jpg").write_bytes(jpeg())
        (library / "note.txt").write_text("no photo")
        (library / "new.jpg").write_bytes(jpeg())
        eventually(lambda: "new.jpg" in tagged(store))
    assert tagged(store) == {"00000.jpg", "new.jpg"}


def test_while_another_run_is_at_work_new_photos_wait(context: JobContext, store: Store, library: Path) -> None:
    with run_lock(store), watched(context, library):
        time.sleep(0.3)
        assert tagged(store) == set()
    context.stop.clear()
    with watched(context, library):
        eventually(lambda: tagged(store) == {"00000.jpg"})


def test_a_folder_that_is_not_there_is_named(context: JobContext, tmp_path: Path) -> None:
    with pytest.raises(FolderNotFound, match="unplugged"):
        watch(context, [str(tmp_path / "unplugged")])


def test_a_folder_that_may_not_be_entered_is_named_with_the_reason(
    context: JobContext, public_folder: Path, without_privileges: Callable[[], AbstractContextManager[None]]
) -> None:
    (public_folder / "library").mkdir(mode=0)
    with without_privileges(), pytest.raises(FolderNotReadable, match="library' cannot be opened: Permission denied"):
        watch(context, [str(public_folder / "library")])


def test_what_could_not_be_tagged_is_one_line_that_reads(
    store: Store, library: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    context = JobContext(
        load_settings({"bundle": tmp_path / "nowhere"}), store, lambda: pytest.fail("a model was opened")
    )
    with watched(context, library):
        eventually(lambda: "could not be tagged" in caplog.text)
    (sentence,) = [record.getMessage() for record in caplog.records if record.name == "tagger.jobs.watch"]
    assert sentence.endswith("to use the shipped one. The next full scan will find them.")


def renamed_away(library: Path) -> None:
    library.rename(library.with_name("away"))


def test_a_folder_that_is_a_link_is_watched_and_its_photos_keep_their_names(
    context: JobContext, store: Store, library: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    link = library.with_name("link")
    link.symlink_to(library)
    with watched(context, link, tag_existing=False):
        eventually(lambda: "Watching" in caplog.text)
        (library / "new.jpg").write_bytes(jpeg())
        eventually(lambda: bool(tagged(store)))
    with store.read() as connection:
        hits = list(listings.all_hits(listings.tags, connection, TagFilter()))
    assert [hit.path for hit in hits] == [str(link / "new.jpg")]


@pytest.mark.parametrize("goes", [renamed_away, shutil.rmtree])
@pytest.mark.parametrize("pause_s", [0.0, 0.5])
def test_a_folder_that_goes_and_is_made_anew_is_looked_at_and_watched_again(
    context: JobContext, store: Store, library: Path, goes: Callable[[Path], None], pause_s: float
) -> None:
    with watched(context, library):
        eventually(lambda: tagged(store) == {"00000.jpg"})
        goes(library)
        time.sleep(pause_s)
        library.mkdir()
        (library / "first.jpg").write_bytes(jpeg())
        eventually(lambda: "first.jpg" in tagged(store))
        time.sleep(0.5)
        (library / "second.jpg").write_bytes(jpeg(quality=90))
        eventually(lambda: "second.jpg" in tagged(store))


def test_a_folder_that_comes_later_is_taken_up_and_said_to_be_missing_once(
    context: JobContext, store: Store, library: Path, caplog: pytest.LogCaptureFixture
) -> None:
    later = library.with_name("later")
    with watched(context, library, later, tag_existing=False, skip_missing=True):
        time.sleep(0.5)
        photos(later, 1)
        eventually(lambda: len(tagged(store)) == 1)
        (later / "new.jpg").write_bytes(jpeg(quality=90))
        eventually(lambda: "new.jpg" in tagged(store))
    ours = [record for record in caplog.records if record.name == "tagger.jobs.watch"]
    warnings = [record.getMessage() for record in ours if record.levelno >= logging.WARNING]
    assert warnings == [f"{later} is missing or cannot be read; it will be watched as soon as it is there"]


def test_the_watch_says_once_that_it_waits_and_forgets_what_is_gone_by_then(
    context: JobContext, store: Store, library: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with watched(context, library, tag_existing=False):
        eventually(lambda: "Watching" in caplog.text)
        with run_lock(store):
            for name in ("stays.jpg", "goes.jpg"):
                (library / name).write_bytes(jpeg())
            eventually(lambda: "new photos wait until it has ended" in caplog.text)
            (library / "goes.jpg").unlink()
            time.sleep(0.3)
        eventually(lambda: tagged(store) == {"stays.jpg"})
    assert caplog.text.count("wait until it has ended") == 1
    assert "does not exist" not in caplog.text


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "sysctl fs.inotify.max_user_watches="),
        (errno.EMFILE, "sysctl fs.inotify.max_user_instances="),
        (errno.EACCES, "jobs.nightly"),
    ],
)
def test_a_limit_of_the_system_comes_with_what_to_do(
    context: JobContext, library: Path, monkeypatch: pytest.MonkeyPatch, number: int, remedy: str
) -> None:
    class Refused:
        def schedule(self, *_arguments: object, **_options: object) -> None:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(watching, "Observer", Refused)
    with pytest.raises(WatchFailed, match=remedy):
        watch(context, [str(library)])

"""A copy is sound and whole, whatever is written meanwhile; what is no sound copy never looks like one."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest

from db.engine import Store, open_store
from db.errors import BackupFailed
from db.write import backup
from db.write.backup import back_up, copies, newest_copy
from tests.db.samples import assessed, everything, tag_run

pytestmark = pytest.mark.sqlite

WRITER = """
import sys, itertools
from db.engine import open_store
from tests.db.samples import assessed, tag_run
with open_store(sys.argv[1]) as store:
    for number in itertools.count():
        run = tag_run(store, [assessed(f"/p/{number}-{photo}.jpg") for photo in range(20)])
        print(run, flush=True)
"""

KILLED = """
import os, signal, sys
from pathlib import Path
from db.write import backup
backup._check = lambda _copied: os.kill(os.getpid(), signal.SIGKILL)
backup.back_up(sys.argv[1], Path(sys.argv[2]), keep=1)
"""


def rows(file: Path, table: str) -> int:
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def name(store: Store, folder: Path, second: int) -> str:
    """The name of an older copy of a store."""
    made = back_up(store.file, folder.with_name("elsewhere"), keep=1).file
    return f"{made.name[: -len('20261122-033000.sqlite')]}20260101-0000{second:02}.sqlite"


def test_a_copy_opens_as_the_store_that_it_was(store: Store, tmp_path: Path) -> None:
    tag_run(store, [assessed("/p/a.jpg"), assessed("/p/b.jpg", None)])
    made = back_up(store.file, tmp_path / "copies", keep=7)
    with open_store(str(made.file)) as copy:
        assert everything(copy) == everything(store)
    assert made.size_bytes == made.file.stat().st_size
    assert made.file.stat().st_mode & 0o777 == 0o600


def test_a_closed_database_is_copied_too(store: Store, tmp_path: Path) -> None:
    tag_run(store, [assessed("/p/a.jpg")])
    store.close()
    assert rows(back_up(store.file, tmp_path / "copies", keep=7).file, "photo") == 1
    assert [file.name for file in tmp_path.glob("copies/*")] == [copies(store.file, tmp_path / "copies")[0].name]


def test_a_copy_holds_every_row_committed_before_it_began_while_others_write(store: Store, tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, store.file], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    try:
        committed = 0
        for turn in range(3):
            for line in itertools.islice(writer.stdout, 5):
                committed = int(line)
            made = back_up(store.file, tmp_path / f"copies{turn}", keep=7)
            assert rows(made.file, "run") >= committed
            assert rows(made.file, "photo") == 20 * rows(made.file, "run")
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.communicate()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "copies").mkdir()
    return tmp_path / "copies"


def test_only_the_newest_copies_are_kept_and_nothing_else_is_touched(store: Store, folder: Path) -> None:
    older = [folder / name(store, folder, second) for second in range(5)]
    for file in (*older, folder / "mine.sqlite", folder / "tags-20260101-000000.sqlite"):
        file.touch()
    made = back_up(store.file, folder, keep=3)
    assert copies(store.file, folder) == [made.file, older[4], older[3]]
    assert list(made.removed) == [older[2], older[1], older[0]]
    assert (folder / "mine.sqlite").exists()
    assert (folder / "tags-20260101-000000.sqlite").exists()  # of an earlier version: maybe of another database


def test_two_databases_in_one_folder_leave_each_others_copies(store: Store, tmp_path: Path, folder: Path) -> None:
    with open_store(str(tmp_path / "tags-holidays.sqlite")) as other:
        theirs = back_up(other.file, folder, keep=1).file
        mine = back_up(store.file, folder, keep=1).file
        assert copies(other.file, folder) == [theirs]
    assert copies(store.file, folder) == [mine]
    assert len(list(folder.iterdir())) == 2


def test_databases_of_one_name_leave_each_others_copies(store: Store, tmp_path: Path, folder: Path) -> None:
    (tmp_path / "other").mkdir()
    shutil.copy(store.file, tmp_path / "other" / "tags.sqlite")  # even if one is a copy of the other
    for file in (store.file, str(tmp_path / "other" / "tags.sqlite")) * 3:
        back_up(file, folder, keep=2)
    assert len(copies(store.file, folder)) == 2
    assert len(list(folder.iterdir())) == 4


def test_a_new_database_in_the_place_of_another_leaves_its_copies(store: Store, folder: Path) -> None:
    first = back_up(store.file, folder, keep=1).file
    store.close()
    Path(store.file).unlink()
    with open_store(store.file, backup_folder=folder) as other:
        for _ in range(2):
            assert back_up(other.file, folder, keep=1).file != first
    assert len(copies(store.file, folder)) == 2
    assert first.exists()


def test_copies_that_are_much_smaller_do_not_push_out_large_ones(store: Store, folder: Path) -> None:
    large = [folder / name(store, folder, second) for second in range(3)]
    for file in large:
        file.write_bytes(bytes(3 * Path(store.file).stat().st_size))
    for _ in range(3):
        made = back_up(store.file, folder, keep=2)
    assert made.larger == (large[2], large[1])
    assert len(copies(store.file, folder)) == 2 + 2
    assert newest_copy(store.file, folder) == large[2]


def test_two_backups_at_once_are_two_sound_copies(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tag_run(store, [assessed("/p/a.jpg")])
    real_copy, others = backup._copy, []

    def slow(source: str, target: Path) -> None:
        real_copy(source, target)
        monkeypatch.setattr(backup, "_copy", real_copy)
        others.append(back_up(store.file, tmp_path / "copies", keep=7).file)

    monkeypatch.setattr(backup, "_copy", slow)
    made = back_up(store.file, tmp_path / "copies", keep=7)
    assert sorted(copies(store.file, tmp_path / "copies")) == sorted([made.file, *others])
    assert [rows(file, "photo") for file in (made.file, *others)] == [1, 1]


def test_what_a_killed_backup_left_is_removed_once_it_is_surely_dead(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    for left in ("unfinished-dead.sqlite", "unfinished-dead.sqlite-journal", "unfinished-alive.sqlite"):
        (folder / left).touch()
    for dead in folder.glob("*dead*"):
        os.utime(dead, (0, 0))
    made = back_up(store.file, folder, keep=7)
    assert sorted(os.listdir(folder)) == [made.file.name, "unfinished-alive.sqlite"]


def test_a_backup_that_is_killed_leaves_nothing_that_looks_like_a_copy(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    killed = subprocess.run([sys.executable, "-c", KILLED, store.file, str(folder)])
    assert killed.returncode == -signal.SIGKILL
    (left,) = folder.iterdir()
    assert left.name.startswith("unfinished-")
    assert left.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_may_not_be_written_leaves_older_copies(
    store: Store,
    tmp_path: Path,
    public_folder: Path,
    without_privileges: Callable[[], AbstractContextManager[None]],
) -> None:
    older = public_folder / name(store, tmp_path / "copies", 0)
    older.touch()
    public_folder.chmod(0o555)
    with without_privileges(), pytest.raises(BackupFailed, match="untouched"):
        back_up(store.file, public_folder, keep=1)
    assert copies(store.file, public_folder) == [older]


def test_a_full_disk_leaves_older_copies_and_no_half_one(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    older = name(store, folder, 0)
    (folder / older).touch()

    def full(_source: str, target: Path) -> None:
        target.write_bytes(b"half of it")
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(backup, "_copy", full)
    with pytest.raises(BackupFailed, match="disk is full"):
        back_up(store.file, folder, keep=1)
    assert os.listdir(folder) == [older]


def test_a_copy_that_is_not_sound_gets_no_name(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tag_run(store, [assessed(f"/p/{number}.jpg") for number in range(200)])
    store.empty_log()

    def damaged(source: str, target: Path) -> None:
        shutil.copy(source, target)
        with target.open("r+b") as opened:
            opened.seek(20 * 4096)
            opened.write(os.urandom(30 * 4096))

    monkeypatch.setattr(backup, "_copy", damaged)
    with pytest.raises(BackupFailed):
        back_up(store.file, tmp_path / "copies", keep=1)
    assert os.listdir(tmp_path / "copies") == []


@pytest.mark.parametrize("unlucky", [Path.unlink, lambda target: target.write_bytes(b"")], ids=["gone", "empty"])
def test_a_copy_that_is_no_store_gets_no_name(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unlucky: Callable[[Path], object]
) -> None:
    monkeypatch.setattr(backup, "_copy", lambda _source, target: unlucky(target))
    with pytest.raises(BackupFailed, match=r"unable to open|not a tag database"):
        back_up(store.file, tmp_path / "copies", keep=1)
    assert os.listdir(tmp_path / "copies") == []


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="unable to open"):
        back_up(str(tmp_path / "none.sqlite"), tmp_path / "copies", keep=1)
    assert not (tmp_path / "none.sqlite").exists()

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
from db.write.backup import back_up, copies
from tests.db.samples import assessed, everything, tag_run

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


def name(second: int) -> str:
    return f"tags-20260101-0000{second:02}.sqlite"


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


def test_only_the_newest_copies_are_kept_and_nothing_else_is_touched(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    for second in range(5):
        (folder / name(second)).touch()
    (folder / "mine.sqlite").touch()
    made = back_up(store.file, folder, keep=3)
    assert copies(store.file, folder) == [made.file, folder / name(4), folder / name(3)]
    assert [file.name for file in made.removed] == [name(2), name(1), name(0)]
    assert (folder / "mine.sqlite").exists()


def test_two_databases_in_one_folder_leave_each_others_copies(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    with open_store(str(tmp_path / "tags-holidays.sqlite")) as other:
        theirs = back_up(other.file, folder, keep=1).file
        mine = back_up(store.file, folder, keep=1).file
        assert copies(other.file, folder) == [theirs]
    assert copies(store.file, folder) == [mine]
    assert len(list(folder.iterdir())) == 2


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
    store: Store, public_folder: Path, without_privileges: Callable[[], AbstractContextManager[None]]
) -> None:
    (public_folder / name(0)).touch()
    public_folder.chmod(0o555)
    with without_privileges(), pytest.raises(BackupFailed, match="untouched"):
        back_up(store.file, public_folder, keep=1)
    assert [file.name for file in copies(store.file, public_folder)] == [name(0)]


def test_a_full_disk_leaves_older_copies_and_no_half_one(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    (folder / name(0)).touch()

    def full(_source: str, target: Path) -> None:
        target.write_bytes(b"half of it")
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(backup, "_copy", full)
    with pytest.raises(BackupFailed, match="disk is full"):
        back_up(store.file, folder, keep=1)
    assert os.listdir(folder) == [name(0)]


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

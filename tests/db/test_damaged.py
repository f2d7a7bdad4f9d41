"""An empty or damaged file is never taken for a new store; the error says which backup to restore, and how."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from db.engine import Store, open_store
from db.errors import LogWithoutStore, NotAStore
from db.write.backup import back_up
from tests.db.samples import assessed, tag_run, tagged

pytestmark = pytest.mark.sqlite

PHOTOS = 500


@pytest.fixture
def closed(store: Store) -> Path:
    """A filled store that nobody uses."""
    tag_run(store, [assessed(f"/p/{number}.jpg") for number in range(PHOTOS)])
    store.close()
    return Path(store.file)


@pytest.mark.parametrize("size_bytes", [0, 50, 100, 4096, 40_000])
def test_a_cut_off_file_is_damaged_and_left_alone(closed: Path, size_bytes: int) -> None:
    os.truncate(closed, size_bytes)
    left = closed.read_bytes()
    with pytest.raises(NotAStore, match=r"it is (empty|cut off after)"):
        open_store(str(closed))
    assert closed.read_bytes() == left


def test_a_file_of_zeros_is_damaged(closed: Path) -> None:
    closed.write_bytes(bytes(closed.stat().st_size))
    with pytest.raises(NotAStore, match="damaged"):
        open_store(str(closed))


def test_the_commands_in_the_error_restore_the_newest_backup(closed: Path) -> None:
    made = back_up(str(closed), closed.parent / "backups", keep=7).file
    os.truncate(closed, 0)
    Path(f"{closed}-wal").write_bytes(b"of the damaged one")
    with pytest.raises(NotAStore, match=f"Its newest backup is {made}") as raised:
        open_store(str(closed))
    subprocess.run(str(raised.value).rsplit("then: ", 1)[1], shell=True, check=True)
    with open_store(str(closed)) as restored:
        assert len(tagged(restored)) == PHOTOS


def test_the_backup_may_be_in_another_folder_and_under_any_name(tmp_path: Path) -> None:
    file, folder = tmp_path / "it's mine.sqlite", tmp_path / "on another disk"
    open_store(str(file)).close()
    made = back_up(str(file), folder, keep=7).file
    os.truncate(file, 0)
    with pytest.raises(NotAStore) as raised:
        open_store(str(file), backup_folder=folder)
    assert f"cp {shlex.quote(str(made))} {shlex.quote(str(file))}" in str(raised.value)


def test_no_backup_of_another_database_is_named(closed: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = shutil.copy(closed, tmp_path / "other" / closed.name)
    back_up(str(other), tmp_path / "backups", keep=7)
    os.truncate(closed, 0)
    with pytest.raises(NotAStore, match="or restore a backup"):
        open_store(str(closed))


def test_damage_inside_the_file_is_found_and_named(closed: Path) -> None:
    with open_store(str(closed)) as sound:
        assert sound.find_damage() is None
    with closed.open("r+b") as opened:
        opened.seek(-5 * 4096, os.SEEK_END)
        opened.write(os.urandom(4096))
    with open_store(str(closed)) as damaged:
        assert damaged.find_damage()


def test_a_log_whose_database_is_gone_is_not_given_to_a_new_one(closed: Path, tmp_path: Path) -> None:
    log = Path(f"{closed}-wal")
    with open_store(str(closed)) as store:
        tag_run(store, [assessed("/p/new.jpg")])
        kept = log.read_bytes()
    closed.rename(tmp_path / "moved.sqlite")
    log.write_bytes(kept)
    with pytest.raises(LogWithoutStore, match=r"tags\.sqlite-wal, which contains its latest changes"):
        open_store(str(closed))
    assert log.read_bytes() == kept
    assert not closed.exists()


def test_a_new_store_is_private_and_leaves_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "new" / "tags.sqlite"
    with open_store(str(file)) as store:
        tag_run(store, [assessed("/p/a.jpg")])
        assert {name: (file.parent / name).stat().st_mode & 0o777 for name in os.listdir(file.parent)} == {
            "tags.sqlite": 0o600,
            "tags.sqlite-wal": 0o600,
            "tags.sqlite-shm": 0o600,
        }
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_a_new_store_is_made_where_a_link_leads(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "tags.sqlite").symlink_to(tmp_path / "disk" / "tags.sqlite")
    open_store(str(tmp_path / "tags.sqlite")).close()
    assert os.listdir(tmp_path / "disk") == ["tags.sqlite"]


def test_a_new_store_is_made_where_files_have_no_second_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_paths: object) -> None:
        raise PermissionError("not on exFAT")

    monkeypatch.setattr(os, "link", refuse)
    open_store(str(tmp_path / "tags.sqlite")).close()
    assert os.listdir(tmp_path) == ["tags.sqlite"]

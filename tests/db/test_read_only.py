"""A store that may not be written can be asked, and stays as it is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from db.engine import Store, open_store
from db.errors import StoreTooOld, StoreUnreachable
from db.write.backup import back_up
from tests.db.samples import assessed, tag_run, tagged
from tests.db.schema.test_upgrade import earlier_version

pytestmark = pytest.mark.sqlite

StepDown = Callable[[], AbstractContextManager[None]]
TAGS = [("/p/a.jpg", "eiffel_tower")]


@pytest.fixture
def shared(public_folder: Path, store: Store) -> Path:
    """A store in a folder where everybody may read it and nobody but its owner may write."""
    tag_run(store, [assessed("/p/a.jpg")])
    store.close()
    file = public_folder / "tags.sqlite"
    shutil.copy(store.file, file)
    file.chmod(0o644)
    return file


@pytest.mark.parametrize("folder_mode", [0o555, 0o777], ids=["closed folder", "open folder"])
def test_it_is_asked_and_nothing_is_left_beside_it(
    shared: Path, folder_mode: int, without_privileges: StepDown
) -> None:
    shared.parent.chmod(folder_mode)
    with without_privileges(), open_store(str(shared), for_reading=True) as store:
        assert tagged(store) == TAGS
        with pytest.raises(StoreUnreachable, match="not writable"):
            tag_run(store, [])
    assert os.listdir(shared.parent) == ["tags.sqlite"]


def test_a_writer_s_latest_tags_are_seen(shared: Path, without_privileges: StepDown) -> None:
    with open_store(str(shared)) as writer:
        tag_run(writer, [assessed("/p/b.jpg")])
        with without_privileges(), open_store(str(shared), for_reading=True) as store:
            assert tagged(store) == [*TAGS, ("/p/b.jpg", "eiffel_tower")]


def test_a_snapshot_of_a_store_in_use_is_read_with_its_log(
    shared: Path, public_folder: Path, without_privileges: StepDown
) -> None:
    with open_store(str(shared)) as writer:
        tag_run(writer, [assessed("/p/b.jpg")])
        shutil.copytree(public_folder, public_folder / "snapshot")
    (public_folder / "snapshot").chmod(0o555)
    with without_privileges(), open_store(str(public_folder / "snapshot" / "tags.sqlite"), for_reading=True) as store:
        assert len(tagged(store)) == 2


def test_a_log_that_cannot_be_read_is_not_passed_over(
    shared: Path, public_folder: Path, without_privileges: StepDown
) -> None:
    with open_store(str(shared)) as writer:
        tag_run(writer, [assessed("/p/b.jpg")])
        shutil.copytree(public_folder, public_folder / "snapshot", ignore=shutil.ignore_patterns("*-shm"))
    (public_folder / "snapshot").chmod(0o555)
    with without_privileges(), pytest.raises(StoreUnreachable, match=r"tags\.sqlite-wal"):
        open_store(str(public_folder / "snapshot" / "tags.sqlite"), for_reading=True)


def test_a_backup_is_asked_where_it_is(shared: Path, public_folder: Path, without_privileges: StepDown) -> None:
    made = back_up(str(shared), public_folder / "copies", keep=1).file
    made.chmod(0o444)
    made.parent.chmod(0o555)
    with without_privileges(), open_store(str(made), for_reading=True) as store:
        assert tagged(store) == TAGS


def test_one_of_an_earlier_version_says_that_it_must_be_upgraded_first(
    public_folder: Path, without_privileges: StepDown
) -> None:
    earlier_version(f"sqlite:///{public_folder}/old.sqlite")
    public_folder.chmod(0o555)
    with without_privileges(), pytest.raises(StoreTooOld, match="earlier version"):
        open_store(str(public_folder / "old.sqlite"), for_reading=True)


def test_who_wants_to_write_is_told_at_once_that_it_is_not_writable(shared: Path, without_privileges: StepDown) -> None:
    shared.parent.chmod(0o555)
    with without_privileges(), pytest.raises(StoreUnreachable):
        open_store(str(shared))

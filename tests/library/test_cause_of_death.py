"""Only a death that a photo may have caused counts against the photos that were in progress."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.engine import Store
from db.write.runs import abandoned_files, lease_files
from tagger.library import cause_of_death
from tagger.library.cause_of_death import photos_are_suspect, run_noted
from tagger.library.locks.run import run_lock
from tests.library.test_lock import begin, statuses


@pytest.fixture(autouse=True)
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose kernel has killed three processes to get memory."""
    (tmp_path / "vmstat").write_text("nr_free_pages 7\noom_kill 3\n")
    (tmp_path / "boot").write_text("first\n")
    monkeypatch.setattr(cause_of_death, "VIRTUAL_MEMORY", tmp_path / "vmstat")
    monkeypatch.setattr(cause_of_death, "START", tmp_path / "boot")
    return tmp_path


def end(database: str, *, is_killed: bool, is_stored: bool = False) -> None:
    """A run; killed, it has no time to change its note."""
    note = Path(f"{database}.run.lock")
    with run_noted(database, 0o600, has_ended=lambda: is_stored):
        text = note.read_text()
    if is_killed:
        note.write_text(text)


def test_a_killed_run_makes_its_photos_suspects(system: Path) -> None:
    database = str(system / "tags.sqlite")
    end(database, is_killed=True)
    assert photos_are_suspect(database)
    (system / "vmstat").write_text("oom_kill 9\n")
    (system / "boot").write_text("second\n")  # the machine was started again: the counter says nothing
    assert photos_are_suspect(database)


def test_no_photo_is_suspect_where_the_kernel_needed_memory(system: Path) -> None:
    database = str(system / "tags.sqlite")
    end(database, is_killed=True)
    (system / "vmstat").write_text("oom_kill 4\n")
    assert not photos_are_suspect(database)


def test_no_photo_is_suspect_after_a_run_that_ended_by_itself_and_could_not_store_it(system: Path) -> None:
    database = str(system / "tags.sqlite")
    assert photos_are_suspect(database)  # of an earlier version
    end(database, is_killed=False)
    assert not photos_are_suspect(database)


def test_a_run_whose_end_is_stored_leaves_no_note(system: Path) -> None:
    end(str(system / "tags.sqlite"), is_killed=False, is_stored=True)
    assert sorted(file.name for file in system.iterdir()) == ["boot", "vmstat"]


@pytest.mark.parametrize("is_killed", [True, False])
def test_the_files_of_a_run_that_died_count_only_if_it_was_killed(store: Store, is_killed: bool) -> None:
    run = begin(store, "nightly")
    with store.write() as connection:
        lease_files(connection, ["/p/a.jpg"], run=run)
    end(store.file, is_killed=is_killed)
    with run_lock(store), store.read() as connection:
        assert abandoned_files(connection) == ({"/p/a.jpg": 1} if is_killed else {})
    assert statuses(store) == ["died"]


def test_an_error_within_a_run_that_is_not_stored_blames_no_photo(store: Store) -> None:
    with pytest.raises(OSError, match="full"), run_lock(store):
        run = begin(store, "nightly")
        with store.write() as connection:
            lease_files(connection, ["/p/a.jpg"], run=run)
        raise OSError("the disk is full, so how the run ended cannot be stored")
    with run_lock(store), store.read() as connection:
        assert abandoned_files(connection) == {}

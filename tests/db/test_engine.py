"""Opening a store: what works, and what a person is told where it does not."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert

from db.engine import Store, open_store, store_exists
from db.errors import MalformedUrl, NotAStore, StoreLocked, StoreUnreachable
from db.location import is_missing_file, store_file
from db.schema.models import File
from tests.db.samples import assessed, tag_run, tagged


def test_a_store_is_made_with_its_folder(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/a/b/tags.sqlite").close()
    assert (tmp_path / "a/b/tags.sqlite").stat().st_size > 0


def test_readers_do_not_wait_for_the_writer(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg")])
    with store.write():
        assert tagged(store) == [("/p/a.jpg", "eiffel_tower")]


@pytest.mark.sqlite
def test_foreign_keys_are_enforced(store: Store) -> None:
    with store.read() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_threads_may_write_at_once(store: Store) -> None:
    outcomes = [assessed(f"/p/{number}.jpg") for number in range(40)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda outcome: tag_run(store, [outcome]), outcomes))
    assert len(tagged(store)) == 40


def test_an_exception_leaves_nothing_half_written(store: Store) -> None:
    with pytest.raises(KeyError), store.write() as connection:
        connection.execute(insert(File).values(path="a", first_seen_at=datetime.now(UTC)))
        raise KeyError
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM file").scalar() == 0


def test_a_database_locked_for_too_long_names_itself_and_the_next_step(url: str, store: Store) -> None:
    sentence = r"The database \S+ was locked .* 0\.05 s\. Wait for the other run"
    with open_store(url, timeout_s=0.05) as other, store.write(), pytest.raises(StoreLocked, match=sentence):
        tag_run(other, [])


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"\xff\xd8\xff" * 1000)
    with pytest.raises(NotAStore, match=r"holiday\.jpg is not a tag database"):
        open_store(f"sqlite:///{tmp_path}/holiday.jpg")


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "albums.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE album (id INTEGER)")
    before = file.stat().st_size
    with pytest.raises(NotAStore, match="something else"):
        open_store(f"sqlite:///{file}")
    assert file.stat().st_size == before


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnreachable, match="its folder cannot be created"):
        open_store(f"sqlite:///{tmp_path}/file/tags.sqlite")


def test_a_path_that_is_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachable, match="cannot be opened"):
        open_store(f"sqlite:///{tmp_path}")


def test_a_folder_without_write_permission_is_named(
    public_folder: Path, without_privileges: Callable[[], AbstractContextManager[None]]
) -> None:
    public_folder.chmod(0o555)
    with without_privileges(), pytest.raises(StoreUnreachable, match=r"tags\.sqlite cannot be used"):
        open_store(f"sqlite:///{public_folder}/tags.sqlite")


@pytest.mark.sqlite
def test_a_store_whose_file_was_deleted_says_so_and_makes_no_empty_one(store: Store) -> None:
    Path(store.file).unlink()
    for transaction in (store.read, store.write):
        with pytest.raises(StoreUnreachable, match=r"deleted while it was in use\. Start the process"), transaction():
            pytest.fail("a transaction began")
    assert not Path(store.file).exists()


@pytest.mark.sqlite
def test_nothing_is_written_into_a_file_that_another_replaced(store: Store, tmp_path: Path) -> None:
    open_store(str(tmp_path / "restored.sqlite")).close()
    (tmp_path / "restored.sqlite").rename(store.file)
    with pytest.raises(StoreUnreachable, match="replaced or deleted"):
        tag_run(store, [assessed("/p/a.jpg")])
    with open_store(store.file) as again:
        assert tagged(again) == []


def test_a_plain_path_is_a_sqlite_file_whatever_is_in_its_name(tmp_path: Path) -> None:
    strange = str(tmp_path / "what?x=1 #50%.sqlite")
    assert not store_exists(strange)
    open_store(strange).close()
    assert store_exists(strange)
    assert store_file(strange) == Path(strange)
    assert Path(strange).stat().st_size > 0


def test_a_url_s_driver_and_options_are_not_part_of_its_file(tmp_path: Path) -> None:
    assert store_file(f"sqlite+pysqlite:///{tmp_path}/tags.sqlite?timeout=5") == tmp_path / "tags.sqlite"


def test_a_file_in_a_closed_folder_is_not_said_to_be_missing(
    public_folder: Path, without_privileges: Callable[[], AbstractContextManager[None]]
) -> None:
    public_folder.chmod(0)
    with without_privileges(), pytest.raises(StoreUnreachable, match="cannot be accessed"):
        store_exists(str(public_folder / "tags.sqlite"))


@pytest.mark.parametrize(
    "url", ["", "postgresql://me:secret@host", "mysql://me:secret@host/tags", "nosuch://x", "sqlite://"]
)
def test_a_url_that_names_no_sqlite_file_says_how_to_write_one(url: str) -> None:
    with pytest.raises(MalformedUrl, match=r"Write sqlite:////folder/tags\.sqlite") as raised:
        open_store(url)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:/me:secret@host/tags",
        "postgres:me:secret@host/tags",
        "host=db user=me password=secret",
        "postgresql://me:x@secret@host/tags",
        "postgresql://me:x@secret/y@host/tags",
    ],
)
def test_half_a_url_is_no_path_and_shows_no_password(url: str) -> None:
    assert not is_missing_file(url)
    with pytest.raises(MalformedUrl) as raised:
        store_exists(url)
    assert "secret" not in str(raised.value)


def test_a_path_that_begins_like_a_url_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert all(map(is_missing_file, ("postgresql/tags.sqlite", "postgres.sqlite", "host/tags", "password.db")))


def test_a_missing_file_is_known_without_sqlalchemy(tmp_path: Path) -> None:
    missing, there = tmp_path / "tags.sqlite", tmp_path / "100%?.sqlite"
    there.touch()
    assert is_missing_file(str(missing))
    assert not any(map(is_missing_file, (str(there), "", f"sqlite:///{missing}", "postgresql://host/tags")))
    program = "import sys; from db.location import is_missing_file; print('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"


def test_the_case_of_a_urls_scheme_does_not_matter(url: str, store: Store) -> None:
    scheme, _, rest = url.partition("://")
    with open_store(f"{scheme.upper()}://{rest}") as again:
        assert (again.name, again.file) == (store.name, store.file)

"""What a person is told if a PostgreSQL database cannot be used, and what it does with odd text."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from db.engine import Store, open_store, store_exists
from db.errors import NotAStore, StoreUnreachable
from db.read.filters import FileFilter
from db.read.listings import failures
from tagger.core.errors import MissingExtra
from tagger.core.types import Failed, FoundFile, Result
from tests.db.samples import assessed, tag_run, tagged
from tests.postgres import Server


@pytest.fixture
def bare(postgres: Server) -> Iterator[str]:
    """A database without tables."""
    made = postgres.create("")
    yield made
    postgres.drop(made)


def test_a_database_without_tables_gets_them(bare: str) -> None:
    assert not store_exists(bare)
    with open_store(bare) as store:
        tag_run(store, [assessed("/p/a.jpg")])
        assert tagged(store) == [("/p/a.jpg", "eiffel_tower")]
    assert store_exists(bare)


def test_a_database_of_another_program_is_left_alone(bare: str) -> None:
    with psycopg.connect(bare) as connection:
        connection.execute("CREATE TABLE album (id bigint)")
    with pytest.raises(NotAStore, match="it is a database for something else"):
        open_store(bare)


def test_a_missing_database_says_how_to_create_it(postgres: Server) -> None:
    with pytest.raises(StoreUnreachable, match=r'"nothing" does not exist\. Create it first: createdb .* nothing'):
        open_store(postgres.url("nothing"))


def test_a_server_that_does_not_run_is_named() -> None:
    sentence = r"postgresql://localhost:1/tags cannot be used: .*Check that the server"
    with pytest.raises(StoreUnreachable, match=sentence):
        open_store("postgresql://me:secret@localhost:1/tags")


@pytest.mark.parametrize("option", ["nonsense=1", "connect_timeout=soon", "sslmode=nonsense"])
def test_a_wrong_option_in_the_url_is_no_damage(option: str) -> None:
    with pytest.raises(StoreUnreachable, match="Correct the options after the question mark in the URL"):
        open_store(f"postgresql://me:secret@localhost:1/tags?{option}")


def test_a_server_without_a_free_connection_says_so(postgres: Server) -> None:
    postgres.execute("CREATE ROLE crowd LOGIN CONNECTION LIMIT 0")
    with pytest.raises(StoreUnreachable, match="The server has no connection left"):
        open_store(postgres.url("postgres").replace("tester@", "crowd@"))


def test_an_unknown_user_is_named(postgres: Server) -> None:
    with pytest.raises(StoreUnreachable, match=r'role "ann" does not exist\. The server does not know this user'):
        open_store(postgres.url("postgres").replace("tester@", "ann@"))


def test_another_encoding_is_refused_before_anything_is_written(postgres: Server) -> None:
    url = postgres.create("TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    with pytest.raises(StoreUnreachable, match=r"its encoding is LATIN1, not UTF8\. Create another one: createdb"):
        open_store(url)
    postgres.drop(url)


def test_without_the_driver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tagger.core.errors.find_spec", lambda _name: None)
    with pytest.raises(MissingExtra, match="A PostgreSQL database needs the extra 'postgres'"):
        open_store("postgresql://localhost/tags")


@pytest.mark.postgresql
def test_text_that_postgresql_cannot_store_is_replaced(store: Store) -> None:
    message = "broken\0name \udcff"
    tag_run(store, [(FoundFile("/p/\udcff.jpg", 1, 1), Result("/p/\udcff.jpg", None, Failed("truncated", message)))])
    with store.read() as connection:
        (hit,) = failures(connection, FileFilter()).hits
    assert (hit.path, hit.message) == ("/p/\udcff.jpg", "broken\N{REPLACEMENT CHARACTER}name \\udcff")


@pytest.mark.postgresql
def test_the_same_database_has_one_file_on_this_machine_whatever_url_names_it(store: Store, url: str) -> None:
    with open_store(url.replace("postgresql://", "postgresql+psycopg://")) as again:
        assert again.file == store.file
        assert "tester" not in store.name

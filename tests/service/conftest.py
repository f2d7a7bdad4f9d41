"""What most tests of this folder begin with: an empty store, a bundle without a network, a Bot API server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.session import Store, open_store
from tagger.bundle import Bundle, write_bundle
from tests.botapi import BotApiServer, PeopleChat, Person
from tests.drawn import card


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(str(tmp_path / "tags.sqlite")) as opened:
        yield opened


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return write_bundle(tmp_path / "bundle", card(), {"model.onnx": b"one"})


@pytest.fixture
def server() -> Iterator[BotApiServer]:
    with BotApiServer() as running:
        yield running


@pytest.fixture
def ana(server: BotApiServer) -> Person:
    return server.person(5, "Ana", "es")


@pytest.fixture
def chat(ana: Person) -> PeopleChat:
    return ana.private()

"""A Bot API server with one person in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.botapi import BotApiServer, PeopleChat, Person


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

"""What most tests of this folder begin with: an empty store, a bundle without a network, a Bot API server, decoders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from db.session import Store, open_store
from tagger.bundle import Bundle, write_bundle
from tagger.decoders import Decoders
from tagger.look import Looked
from tagger.types import Limits
from tests.botapi import BotApiServer, PeopleChat, Person
from tests.drawn import card
from tests.standins import standins

LIMITS = Limits(max_pixels=1_000_000, max_file_bytes=1_000_000, threads=2)
PATIENCE_S = 300.0

MakeDecoders = Callable[..., Decoders]


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


@pytest.fixture
def decoders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeDecoders]:
    """Makes decoders that hang and die on some photos, and sees to their end."""
    monkeypatch.setenv("PYTHONPATH", standins(tmp_path / "standins"))
    made: list[Decoders] = []

    def make(timeout_s: float = PATIENCE_S, count: int = 2) -> Decoders:
        made.append(Decoders(card().input, LIMITS, photos=count, timeout_s=timeout_s))
        return made[-1]

    yield make
    for each in made:
        each.close()


def wanted(_sha256: str) -> bool:
    return True


def kind(looked: Looked) -> str:
    return looked.failure.kind if looked.failure else "sound"

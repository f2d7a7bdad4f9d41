"""One bot serves all conversations, since each has its own people; a test that needs another bot starts one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest

from tests.bot.running import ANSWER_S, RunningBot, bundle
from tests.botapi import BotApiServer, PeopleChat, Person

pytest.importorskip("telegram", reason="the extra 'bot' is not installed")

NUMBERS = count(1000)

Start = Callable[..., RunningBot]
Meet = Callable[..., tuple[Person, PeopleChat]]


@contextmanager
def patient_server() -> Iterator[BotApiServer]:
    """A server that does not forget taps while the machine is busy."""
    with BotApiServer() as server:
        server.state.tap_lifetime_s = ANSWER_S
        yield server


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle(tmp_path_factory.mktemp("bot_model"))


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shared_bot(
    model: Path,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[RunningBot]:
    """The default settings, with either database; each with a server of its own, which counts one bot's calls."""
    with patient_server() as server:
        own = RunningBot(server, model, tmp_path_factory.mktemp("shared_bot"))
        if request.param == "postgresql":
            own.server_url = request.getfixturevalue("postgres").create()
        with own as bot:
            yield bot
            assert bot.stop() == 0
            assert "Traceback" not in bot.output, bot.output


@pytest.fixture
def bot(shared_bot: RunningBot) -> Iterator[RunningBot]:
    """The shared bot, which must not have broken a rule of the Bot API by the end of a test."""
    yield shared_bot
    assert shared_bot.server.violations == []


@pytest.fixture
def meet(bot: RunningBot) -> Meet:
    """A new person and their chat with the bot."""

    def meet(name: str = "Ana", language: str = "en") -> tuple[Person, PeopleChat]:
        person = bot.server.person(next(NUMBERS), name, language)
        return person, person.private()

    return meet


@pytest.fixture
def server() -> Iterator[BotApiServer]:
    """The test's own server."""
    with patient_server() as server:
        yield server


@pytest.fixture
def server_url(database_kind: str, request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The URL of an empty store on a server, if the test is to have one."""
    if database_kind == "sqlite":
        yield None
        return
    with request.getfixturevalue("postgres").lend() as url:
        yield url


@pytest.fixture
def start(server: BotApiServer, server_url: str | None, model: Path, tmp_path: Path) -> Iterator[Start]:
    """Start the test's own bot, with settings."""
    with ExitStack() as stack:

        def start(**settings: object) -> RunningBot:
            bot = RunningBot(server, model, tmp_path, **settings)
            bot.server_url = server_url
            return stack.enter_context(bot)

        yield start

"""A database and a token serve one bot at a time, and two bots of one user keep apart."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.conftest import Start
from tests.bot.running import BLUE, RED, START_S, RunningBot, answer, picture
from tests.botapi import BotApiServer, Slow

pytestmark = pytest.mark.process

OTHER_TOKEN = "7654321:TEST-token_of_another_bot_000000000"


class RunningServer(RunningBot):
    command = "serve"


def refusal(bot: RunningBot) -> str:
    assert bot.process is not None
    assert bot.process.wait(START_S) == 1
    assert "Traceback" not in bot.output
    return bot.output.splitlines()[-1]


@pytest.mark.parametrize("kind", [RunningBot, RunningServer])
def test_a_second_process_on_a_database_refuses_and_says_who_is_at_work(
    kind: type[RunningBot], server: BotApiServer, start: Start, model: Path, tmp_path: Path
) -> None:
    ana, first = server.person(1, "Ana"), start()
    answer(ana.private(), ana.private().send_photo(ana, picture(RED)))
    folders = {"folders": json.dumps([str(tmp_path)]), "metrics_listen": "off"}
    (tmp_path / "second").mkdir()
    with kind(server, model, tmp_path / "second", **folders) as second:
        assert second.process is not None
        second.kill()
        second.database, second.server_url = first.database, first.server_url
        second.start()
        said = refusal(second)
    assert first.process is not None
    assert f"Error: Another bot is using the database {first.name} (process {first.process.pid}" in said
    photos = [ana.private().send_photo(ana, picture(BLUE, number)) for number in range(3)]
    answer(ana.private(), photos[-1])
    first.settle()
    assert [len(server.answers_to(photo)) for photo in photos] == [1, 1, 1]


def test_a_second_process_with_a_token_refuses(server: BotApiServer, start: Start, model: Path, tmp_path: Path) -> None:
    ana, first = server.person(1, "Ana"), start()
    answer(ana.private(), ana.private().send_photo(ana, picture(RED)))
    (tmp_path / "second").mkdir()
    with RunningBot(server, model, tmp_path / "second") as second:
        said = refusal(second)
    assert first.process is not None
    assert said.startswith(f"Error: Another bot is using this token (process {first.process.pid} on ")
    assert server.token not in said


def test_a_bot_that_was_killed_leaves_no_lock(server: BotApiServer, start: Start) -> None:
    ana, bot = server.person(1, "Ana"), start()
    answer(ana.private(), ana.private().send_photo(ana, picture(RED)))
    bot.kill()
    bot.start()
    answer(ana.private(), ana.private().send_photo(ana, picture(BLUE)))


@pytest.fixture
def elsewhere(server: BotApiServer, server_url: str, model: Path, tmp_path: Path) -> Iterator[RunningBot]:
    """A bot on another machine, with the same database; not started yet."""
    own = tmp_path / "elsewhere"
    own.mkdir()
    bot = RunningBot(server, model, own)
    bot.server_url = server_url
    bot.environment |= {"XDG_DATA_HOME": str(own), "TMPDIR": str(own)}
    yield bot
    bot.__exit__()


@pytest.mark.postgresql
def test_a_bot_on_another_machine_refuses_and_says_who_is_at_work(
    server: BotApiServer, start: Start, elsewhere: RunningBot
) -> None:
    ana, first = server.person(1, "Ana"), start()
    answer(ana.private(), ana.private().send_photo(ana, picture(RED)))
    elsewhere.start()
    said = refusal(elsewhere)
    assert first.process is not None
    assert f"Error: Another bot is using the database {first.name} (process {first.process.pid} on " in said
    assert first.stop() == 0
    elsewhere.start()
    photo = ana.private().send_photo(ana, picture(BLUE))
    answer(ana.private(), photo)
    assert len(server.answers_to(photo)) == 1


@pytest.mark.postgresql
def test_a_bot_that_stood_still_ends_if_another_machine_has_taken_its_place(
    server: BotApiServer, start: Start, elsewhere: RunningBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_LEASE_S", "20")
    elsewhere.environment["BOT_LEASE_S"] = "20"
    ana, first = server.person(1, "Ana"), start()
    photos = [ana.private().send_photo(ana, picture(RED))]
    answer(ana.private(), photos[0])
    assert first.process is not None
    first.process.send_signal(signal.SIGSTOP)
    first.change("UPDATE run_lock SET expires_at = '2024-01-01 12:00:00'")  # as if that had been long ago
    photos += [ana.private().send_photo(ana, picture(BLUE, number)) for number in range(3)]
    elsewhere.start()
    answer(ana.private(), photos[-1])
    first.process.send_signal(signal.SIGCONT)
    assert first.wait_for_death() == 1
    assert f"Error: Another bot is using the database {first.name} (process " in first.output
    photos.append(ana.private().send_photo(ana, picture(RED, 1)))
    answer(ana.private(), photos[-1])
    elsewhere.settle()
    assert [len(server.answers_to(photo)) for photo in photos] == [1] * 5


def test_two_bots_that_share_a_folder_do_not_touch_each_others_photos(
    server: BotApiServer, start: Start, model: Path, tmp_path: Path
) -> None:
    ana, ben, folder = server.person(1, "Ana"), server.person(2, "Ben"), tmp_path / "telegram"
    start(bot_folder=folder)
    answer(ana.private(), ana.private().send_photo(ana, picture(RED)))
    (tmp_path / "other").mkdir()
    with BotApiServer(token=OTHER_TOKEN) as others:
        server.faults.next("download", Slow(3.0))
        photos = [ana.private().send_photo(ana, picture(RED, number)) for number in range(1, 13)]
        with RunningBot(others, model, tmp_path / "other", bot_folder=folder):
            ben = others.person(2, "Ben")
            theirs = [ben.private().send_photo(ben, picture(BLUE, number)) for number in range(12)]
            assert all("Tokyo" in answer(ben.private(), photo).text for photo in theirs)
        assert all("Eiffel" in answer(ana.private(), photo).text for photo in photos)

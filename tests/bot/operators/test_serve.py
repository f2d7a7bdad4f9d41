"""The bot, the jobs and the watch in one process, on one database."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.bot.running import RED, RunningBot, answer, free_port, picture, said
from tests.botapi import BotApiServer, Refused

pytest.importorskip("apscheduler", reason="the extra 'schedule' is not installed")
pytest.importorskip("watchdog", reason="the extra 'watch' is not installed")

pytestmark = pytest.mark.process


class RunningServer(RunningBot):
    command = "serve"


def test_one_process_answers_watches_and_passes_the_digest_on(
    server: BotApiServer, model: Path, tmp_path: Path
) -> None:
    (tmp_path / "library").mkdir()
    settings = {
        "folders": json.dumps([str(tmp_path / "library")]),
        "watch_settle_s": 0.2,
        "metrics_listen": "off",
        "bot_admin_chat": 77,
    }
    ana = server.person(77, "Ana")
    with RunningServer(server, model, tmp_path, **settings) as process:
        chat = ana.private()
        first = answer(chat, chat.send_photo(ana, picture(RED)))
        assert first.text.startswith("🏛")
        (tmp_path / "library" / "new.jpg").write_bytes(picture(RED, 1))
        process.wait("the watch", lambda: process.rows("SELECT count(*) FROM file") == [(1,)])
        environment = os.environ | {"TAGGER_DB_URL": process.url, "TAGGER_BUNDLE": str(model)}
        command = [sys.executable, "-m", "tagger", "jobs", "run", "digest"]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        assert said(chat, first).text.startswith("All is well.\n1 run: 1 tagged")
        assert process.stop() == 0
        assert "Traceback" not in process.output, process.output
        runs = process.rows("SELECT job, status FROM run ORDER BY id")
    assert runs == [("telegram", "done"), ("watch", "done")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_that_comes_while_the_model_is_loaded_is_not_lost(
    number: int, server: BotApiServer, model: Path, tmp_path: Path
) -> None:
    with RunningServer(server, model, tmp_path, folders=json.dumps([str(tmp_path)]), metrics_listen="off") as process:
        process.wait("the schedule", lambda: "is due at" in process.output)
        assert process.stop(number) == 0
        assert "Traceback" not in process.output, process.output


def test_a_token_that_is_refused_ends_the_bot_and_not_the_jobs(
    server: BotApiServer, model: Path, tmp_path: Path
) -> None:
    server.faults.always("getMe", Refused(401, "Unauthorized"))
    port = free_port()
    settings = {"folders": json.dumps([str(tmp_path)]), "metrics_listen": f"127.0.0.1:{port}"}
    with RunningServer(server, model, tmp_path, **settings) as process:
        process.wait("the refusal", lambda: "The jobs go on without the bot" in process.output)
        with urlopen(f"http://127.0.0.1:{port}/health", timeout=30) as answered:
            told = json.loads(answered.read())
        assert process.stop() == 0
        assert "Unclosed" not in process.output, process.output
        assert "ask @BotFather. The jobs go on without the bot" in process.output
    assert told["status"] == "fine"
    assert told["notes"][0].startswith("bot: The Bot API server refuses the token.")
    assert process.rows("SELECT status FROM run") == [("done",)]

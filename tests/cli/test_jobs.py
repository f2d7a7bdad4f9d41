"""Jobs, schedule, serve and watch; commands that run until they are stopped are processes of their own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.cli.conftest import Tagger, lines
from tests.drawn import jpeg, photos

PATIENCE_S = 60


@pytest.fixture
def own(own: dict[str, str], library: Path) -> dict[str, str]:
    """The environment of a test's commands, which names its folders too."""
    return own | {"TAGGER_FOLDERS": json.dumps([str(library)])}


@contextmanager
def started(own: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tagger", *arguments]
    process = subprocess.Popen(command, env=os.environ | own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def asked(port: int, path: str) -> str:
    """The answer, once there is one."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                return str(answer.read().decode())
        except URLError:
            assert time.monotonic() < end
            time.sleep(0.1)


def test_a_night_by_hand_and_what_is_said_of_it_afterwards(tagger: Tagger, own: dict[str, str], library: Path) -> None:
    (library / "bad.jpg").write_text("no photo")
    done = tagger("jobs", "run", "nightly", **own)
    assert done.returncode == 3
    assert done.stdout.startswith("run 1 done: 9 tagged, 3 without a known landmark, 1 failed")
    assert tagger("jobs", "run", "backup", **own).returncode == 0
    listed = {line["job"]: line for line in lines(tagger("jobs", "--json", **own))}
    assert (listed["nightly"]["time"], listed["nightly"]["last"]["status"]) == ("02:00", "done")
    assert listed["nightly"]["next_at"] is not None
    assert (listed["prune"]["next_at"], listed["prune"]["last"]) == (None, None)
    output = tagger("jobs", **own).stdout
    assert "backup    04:30" in output
    assert "prune     off           off                    never ran" in output


def test_a_job_that_there_is_not_is_one_sentence(tagger: Tagger) -> None:
    done = tagger("jobs", "run", "nigthly")
    assert done.returncode == 1
    assert "The jobs are: nightly, retag, backup, prune, canary, digest" in done.stderr


def test_bad_news_are_an_exit_code(tagger: Tagger, own: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "canary" / "red_rock").mkdir(parents=True)
    (tmp_path / "canary" / "red_rock" / "a.jpg").write_bytes(jpeg())
    own["TAGGER_JOBS__CANARY_FOLDER"] = str(tmp_path / "canary")
    assert tagger("jobs", "run", "canary", **own).returncode == 0
    (tmp_path / "canary" / "green_hill").mkdir()
    (tmp_path / "canary" / "red_rock" / "a.jpg").rename(tmp_path / "canary" / "green_hill" / "a.jpg")
    assert tagger("jobs", "run", "canary", **own).returncode == 0  # another label is another question
    own["TAGGER_FOLDERS"] = json.dumps([str(tmp_path / "unplugged")])
    assert tagger("jobs", "run", "nightly", **own).returncode == 1


@pytest.mark.process
def test_sigterm_ends_a_night_cleanly(tmp_path: Path, own: dict[str, str], tagger: Tagger) -> None:
    photos(tmp_path / "many", 3000)
    own["TAGGER_FOLDERS"] = json.dumps([str(tmp_path / "many")])
    with started(own, "jobs", "run", "nightly") as process:
        assert process.stderr is not None
        assert any("Engine" in line for line in process.stderr)
        process.send_signal(signal.SIGTERM)
        _, output = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert "run the same command again to continue" in output
    (run,) = lines(tagger("runs", "--json", **own))
    assert (run["status"], run["start"]["job"]) == ("interrupted", "nightly")


@pytest.mark.process
def test_a_schedule_says_how_it_is_until_it_is_stopped(own: dict[str, str]) -> None:
    port = free_port()
    own |= {
        "TAGGER_METRICS_LISTEN": f"127.0.0.1:{port}",
        "TAGGER_TIMEZONE": "Europe/Berlin",
        "TAGGER_LOG_FORMAT": "json",
    }
    with started(own, "schedule") as process:
        assert json.loads(asked(port, "/health"))["status"] == "fine"
        assert 'tagger_job_due_timestamp_seconds{job="nightly"}' in asked(port, "/metrics")
        process.send_signal(signal.SIGTERM)
        _, output = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    messages = [json.loads(line)["message"] for line in output.splitlines()]
    assert sum("is due at" in message for message in messages) == 2


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"TAGGER_FOLDERS": "[]"}, "has no folders"),
        ({"TAGGER_JOBS__NIGHTLY": "off", "TAGGER_JOBS__BACKUP": "off"}, "Every job is off"),
        ({"TAGGER_JOBS__NIGHTLY": "at night"}, "TAGGER_JOBS__NIGHTLY"),
        ({"TAGGER_METRICS_LISTEN": "192.0.2.1:9464"}, "192.0.2.1:9464"),
    ],
)
def test_a_schedule_that_could_do_nothing_does_not_start(
    tagger: Tagger, own: dict[str, str], setting: dict[str, str], sentence: str
) -> None:
    done = tagger("schedule", **(own | setting))
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.process
def test_a_server_does_both_and_leaves_what_is_there_to_the_night(
    own: dict[str, str], library: Path, tagger: Tagger
) -> None:
    port = free_port()
    own |= {"TAGGER_METRICS_LISTEN": f"127.0.0.1:{port}", "TAGGER_WATCH_SETTLE_S": "0.2"}
    with started(own, "serve") as process:
        assert process.stderr is not None
        assert any("Watching" in line for line in process.stderr)
        assert json.loads(asked(port, "/health"))["status"] == "fine"
        (library / "new.jpg").write_bytes(jpeg(size=(80, 60)))
        assert any("1 tagged" in line for line in process.stderr)
        assert tagger("jobs", "run", "backup", **own).returncode == 0
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert [Path(line["path"]).name for line in lines(tagger("query", "--json", **own))] == ["new.jpg"]


@pytest.mark.process
def test_a_watch_tags_what_comes_until_it_is_stopped(own: dict[str, str], library: Path, tagger: Tagger) -> None:
    own["TAGGER_WATCH_SETTLE_S"] = "0.2"
    with started(own, "watch", str(library)) as process:
        assert process.stderr is not None
        assert any("9 tagged" in line for line in process.stderr)
        (library / "new.jpg").write_bytes(jpeg(size=(80, 60)))
        assert any("1 tagged" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert len(lines(tagger("query", "--json", **own))) == 10


@pytest.mark.process
@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_with_a_json_log_a_long_command_says_nothing_else(own: dict[str, str], library: Path, number: int) -> None:
    own["TAGGER_LOG_FORMAT"] = "json"
    with started(own, "watch", str(library)) as process:
        assert process.stderr is not None
        sentence = []
        for line in process.stderr:
            sentence.append(line)
            if "9 tagged" in line:
                break
        process.send_signal(number)
        _, rest = process.communicate(timeout=PATIENCE_S)
    messages = [json.loads(line)["message"] for line in sentence + rest.splitlines()]
    assert process.returncode == 0
    assert sum(message.startswith("Engine: openvino") for message in messages) == 1
    assert messages[-1] == "Finishing the work in progress; interrupt again to stop immediately"

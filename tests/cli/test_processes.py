"""Every command that ends by itself, once as a process of its own; the other files run commands in the tests' process.

The commands that go on until they are stopped are processes in `test_jobs.py` and in the bot's tests, and so is
`tagger bench` in `test_doctor.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Tagger

pytestmark = pytest.mark.process


@pytest.mark.parametrize(
    ("command", "code", "stdout", "stderr"),
    [
        ("tag LIBRARY --retry-failed", 3, "", "0 tagged, 0 without a known landmark, 1 failed"),
        ("suggest LIBRARY/00000.jpg", 0, "Red Rock", "Engine: openvino"),
        ("query red_rock", 0, "Red Rock, Nowhere", ""),
        ("query red_rok", 1, "", "Did you mean 'red_rock'"),
        ("query --none --failed", 2, "", "Usage: tagger query"),
        ("labels", 0, "Red Rock, Nowhere", ""),
        ("runs", 0, "9 tagged", ""),
        ("runs show 1", 0, "9 tagged, 3 none, 1 failed", ""),
        ("runs undo 1 --yes", 0, "", "were undone"),
        ("jobs", 0, "never ran", ""),
        ("jobs run digest", 0, "1 run", ""),
        ("bot", 1, "", "The bot has no token. Ask @BotFather"),
        ("doctor", 0, "can be opened", ""),
        ("--version", 0, "tagger, version", ""),
    ],
)
def test_a_command_as_a_process(
    tagger: Tagger, tagger_process: Tagger, library: Path, command: str, code: int, stdout: str, stderr: str
) -> None:
    (library / "bad.jpg").write_text("no photo")
    tagger("tag", library)
    done = tagger_process(*command.replace("LIBRARY", str(library)).split())
    assert done.returncode == code, done.stderr
    assert stdout in done.stdout
    assert bool(done.stdout) == bool(stdout)
    assert stderr in done.stderr
    assert "Traceback" not in done.stderr

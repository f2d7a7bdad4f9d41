"""Photos stay here: no command opens a connection."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

WATCH = """
import sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
        print("CONNECTION", event, arguments, file=sys.stderr)
sys.addaudithook(watch)
from tagger.cli import main
main(sys.argv[1:])
"""


def watched(*arguments: str, **environment: str) -> str:
    command = [sys.executable, "-c", WATCH, *arguments]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.process
@pytest.mark.parametrize("command", ["tag", "suggest"])
def test_no_command_opens_a_connection(command: str, library: Path, tmp_path: Path) -> None:
    target = library if command == "tag" else library / "00000.jpg"
    sentence = watched(command, str(target), TAGGER_DB_URL=str(tmp_path / "tags.sqlite"))
    assert "Engine: " in sentence
    assert "CONNECTION" not in sentence


def test_the_watch_would_see_one() -> None:
    code = WATCH.replace(
        "from tagger.cli import main\nmain(sys.argv[1:])", "import socket; socket.socket().connect_ex(('127.0.0.1', 9))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "CONNECTION socket.connect" in done.stderr

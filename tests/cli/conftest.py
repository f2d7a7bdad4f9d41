"""The command as a person runs it, with the model that knows three colours: in this process, or in one of its own."""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tagger.cli import main
from tests.drawn import colour_bundle, photos

Tagger = Callable[..., subprocess.CompletedProcess[str]]

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return colour_bundle(tmp_path_factory.mktemp("models") / "colours").folder


@pytest.fixture
def own(tmp_path: Path, model_folder: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    """The environment of a test's commands: a database of its own, or that of its fixtures, and the small model."""
    is_there = "url" in request.fixturenames
    url = request.getfixturevalue("url") if is_there else str(tmp_path / "tags.sqlite")
    return {"TAGGER_DB_URL": url, "TAGGER_BUNDLE": str(model_folder)}


@pytest.fixture
def tagger(own: dict[str, str]) -> Tagger:
    """Runs `tagger …` in this process, which takes a twentieth of the time; options that are given win."""

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [str(argument) for argument in arguments]
        with process_unchanged():
            done = CliRunner().invoke(main, command, "", own | environment, catch_exceptions=False, prog_name="tagger")
        return subprocess.CompletedProcess(command, done.exit_code, done.stdout, done.stderr)

    return run


@pytest.fixture
def tagger_process(own: dict[str, str]) -> Tagger:
    """Runs `tagger …` as a process of its own."""

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tagger", *map(str, arguments)]
        return subprocess.run(
            command, env=os.environ | own | environment, capture_output=True, text=True, timeout=120, check=False
        )

    return run


@contextmanager
def process_unchanged() -> Iterator[None]:
    """What a command may change in its process is put back: its signals, its log, its garbage collector."""
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    root = logging.getLogger()
    log, level, thresholds = root.handlers[:], root.level, gc.get_threshold()
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        root.handlers[:] = log
        root.setLevel(level)
        gc.set_threshold(*thresholds)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Twelve photos: three times red, green, blue and grey."""
    photos(tmp_path / "library", 12)
    return tmp_path / "library"


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]

"""The command as a person runs it: a process of its own, with the model that knows three colours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.drawn import colour_bundle, photos

Tagger = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return colour_bundle(tmp_path_factory.mktemp("models") / "colours").folder


@pytest.fixture
def tagger(tmp_path: Path, model_folder: Path) -> Tagger:
    """Runs `tagger …` with a database of the test's own; options that are given win."""

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        own = {"TAGGER_DB_URL": str(tmp_path / "tags.sqlite"), "TAGGER_BUNDLE": str(model_folder)}
        command = [sys.executable, "-m", "tagger", *map(str, arguments)]
        return subprocess.run(
            command, env=os.environ | own | environment, capture_output=True, text=True, timeout=120, check=False
        )

    return run


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Twelve photos: three times red, green, blue and grey."""
    photos(tmp_path / "library", 12)
    return tmp_path / "library"


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]

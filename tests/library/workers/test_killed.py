"""Workers that are killed with SIGKILL and started again leave the database that one process would."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from benchmarks.kills import workers_killed
from benchmarks.kills.killed import content
from benchmarks.processes import ask, start_tagging
from tests.drawn import colour_bundle, photos

pytestmark = [pytest.mark.process, pytest.mark.slow]

KILLS = 4  # `python -m benchmarks workers_killed` does 30, with real photos


def test_every_photo_is_answered_once_and_as_by_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGGER_BUNDLE", str(colour_bundle(tmp_path / "bundle").folder))
    monkeypatch.setattr(
        workers_killed, "tagger_command", lambda *arguments: [sys.executable, "-m", "tagger", *map(str, arguments)]
    )
    photos(tmp_path / "library", 400)
    (tmp_path / "library" / "broken.jpg").write_text("no photo")
    reference, database = tmp_path / "reference.sqlite", tmp_path / "tags.sqlite"
    assert start_tagging(tmp_path / "library", reference).wait() == 3
    dice = random.Random(7)
    waits = [dice.uniform(0.5, 1.5) for _ in range(KILLS)]
    assert workers_killed.killed(tmp_path / "library", database, waits, dice, workers=3) > 0
    assert content(database) == content(reference)
    assert ask(database, workers_killed.LEFT) == [(0,)]
    assert ask(database, "SELECT DISTINCT status FROM run") == [("done",)]

"""`tagger tag` over photos that hang or kill whatever decodes them: it ends, and names them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Tagger, lines
from tests.drawn import card, colour_bundle
from tests.hostile_photos import HANG, KILL, hostile_codec


@pytest.mark.process
def test_evil_photos_cost_themselves_and_end_in_quarantine(tagger: Tagger, library: Path, tmp_path: Path) -> None:
    (library / "00001 hangs.bmp").write_bytes(HANG)
    (library / "00002 kills.bmp").write_bytes(KILL)
    environment = {
        "PYTHONPATH": hostile_codec(tmp_path / "codec"),
        "TAGGER_PHOTO_TIMEOUT_S": "3",
        "TAGGER_RETRY_AFTER_H": "0.000001",
        "TAGGER_MAX_ATTEMPTS": "2",
    }
    first = tagger("tag", library, **environment)
    assert "9 tagged, 3 without a known landmark, 2 failed" in first.stderr
    assert first.returncode == 3
    assert "2 failed" in tagger("tag", library, **environment).stderr
    third = tagger("tag", library, **environment)
    assert "0 failed" in third.stderr
    assert "Failed before and left alone: 2; to try them now: --retry-failed" in third.stderr
    assert third.returncode == 0
    failed = lines(tagger("query", "--failed", "--json"))
    assert [(row["kind"], row["attempts"], row["quarantined_at"] is not None) for row in failed] == [
        ("timed_out", 2, True),
        ("decoder_crashed", 2, True),
    ]
    assert tagger("query", "--failed").stdout.count("in quarantine") == 2


def test_what_a_card_says_reaches_no_terminal_as_a_command(tagger: Tagger, library: Path, tmp_path: Path) -> None:
    evil = tuple(
        replace(output, name=f"Red\x1b[31m\n{output.name}", country="No\x07where", city="\u202eCity")
        for output in card().classes
    )
    bundle = colour_bundle(tmp_path / "evil", name="evil\x1b]0;x\x07", version="1\r", classes=evil).folder
    assert tagger("tag", library, "--bundle", bundle).returncode == 0
    assert r"Red\x1b[31m\nRed Rock" in tagger("query", "red_rock").stdout
    commands = [
        ("labels",), ("query",), ("query", "--csv"), ("query", "--summary", "country"), ("runs",), ("runs", "show", 1),
        ("suggest", library / "00000.jpg"), ("doctor",), ("query", "xyz"), ("jobs", "run", "digest"),
    ]  # fmt: skip
    for command in commands:
        done = tagger(*command, TAGGER_BUNDLE=str(bundle))
        shown = done.stdout + done.stderr
        assert shown.replace("\n", "").isprintable(), (command, shown)
        assert not any(line.startswith(("Blue", "Green", "Red Rock")) for line in shown.splitlines()), (command, shown)

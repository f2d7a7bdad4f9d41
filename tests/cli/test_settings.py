"""`tagger settings`: what counts, and where it comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.config.settings import fields
from tests.cli.conftest import Tagger, lines


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A settings file."""
    file = tmp_path / "my.toml"
    file.write_text(
        'top_k = 2\nmin_score = 0.5\nfolders = ["/home/ann/Pictures"]\n[jobs]\nnightly = "01:00"\nuntil = "05:00"\n'
    )
    return file


def test_each_setting_has_its_value_and_its_origin(tagger: Tagger, file: Path) -> None:
    environment = {"TAGGER_MIN_SCORE": "0.7", "TAGGER_JOBS__UNTIL": "04:00", "TAGGER_JOBS": '{"prune": "03:00"}'}
    done = tagger("settings", "--json", "--config", file, **environment)
    rows = {row["setting"]: (row["value"], row["origin"]) for row in lines(done)}
    assert rows.keys() == fields().keys()
    assert rows["top_k"] == (2, str(file))
    assert rows["folders"] == (["/home/ann/Pictures"], str(file))
    assert rows["min_score"] == (0.7, "TAGGER_MIN_SCORE")
    assert rows["jobs.nightly"] == ("01:00", str(file))
    assert rows["jobs.until"] == ("04:00", "TAGGER_JOBS__UNTIL")
    assert rows["jobs.prune"] == ("03:00", "TAGGER_JOBS")
    assert rows["log_level"] == ("info", "default")
    assert f"Settings file: {file}" in done.stderr


def test_people_read_a_table(tagger: Tagger, file: Path) -> None:
    table = tagger("settings", TAGGER_CONFIG=str(file)).stdout.splitlines()
    assert f"top_k                   2                               {file}" in table
    assert "timezone                not set                         default" in table


def test_secrets_are_hidden(tagger: Tagger) -> None:
    environment = {"TAGGER_BOT_TOKEN": "1:hush", "TAGGER_BOT_WEBHOOK_URL": "https://ann:hush@host/?key=hush"}
    done = tagger("settings", **environment)
    assert "hush" not in done.stdout + done.stderr
    assert "(hidden)" in done.stdout


def test_a_setting_that_cannot_be_is_one_sentence(tagger: Tagger) -> None:
    done = tagger("settings", TAGGER_TOP_K="many")
    assert (done.returncode, "TAGGER_TOP_K" in done.stderr) == (1, True)

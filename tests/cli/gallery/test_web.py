"""`tagger web` and its commands."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

pytest.importorskip("fastapi", reason="the extra 'web' is not installed")

from tests.cli.conftest import Tagger


@pytest.mark.process
def test_the_gallery_answers_until_it_is_stopped(own: dict[str, str]) -> None:
    command = [sys.executable, "-m", "tagger", "web", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, env=os.environ | own, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        found = None
        while not found:
            line = process.stderr.readline()
            assert line, "it ended"
            found = re.search(r"http://\S+", line)
        with urlopen(f"{found[0]}/health", timeout=30) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_an_address_that_others_reach_needs_a_login(tagger: Tagger) -> None:
    refused = tagger("web", "--listen", "0.0.0.0:0")
    assert refused.returncode == 1
    assert "tagger web password" in refused.stderr


def test_tokens_are_listed_by_name_and_removed(tagger: Tagger, tmp_path: Path) -> None:
    folder = {"TAGGER_WEB_FOLDER": str(tmp_path / "web")}
    token = tagger("web", "token", "add", "laptop", **folder).stdout.strip()
    assert len(token) > 30
    assert tagger("web", "token", "list", **folder).stdout == "laptop\n"
    assert tagger("web", "token", "remove", "laptop", **folder).returncode == 0
    assert tagger("web", "token", "remove", "laptop", **folder).returncode == 1


def test_a_settings_file_may_be_named_after_the_subcommand(tagger: Tagger, tmp_path: Path) -> None:
    config = tmp_path / "own.toml"
    config.write_text(f'web_folder = "{tmp_path / "web"}"\n')
    assert tagger("web", "token", "add", "laptop", "--config", config).returncode == 0
    for listed in (("--config", config, "token", "list"), ("token", "list", "--config", config)):
        assert tagger("web", *listed).stdout == "laptop\n"

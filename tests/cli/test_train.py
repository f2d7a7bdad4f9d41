"""`tagger train` is `python -m training`."""

from __future__ import annotations

import pytest

from tagger.core.extras import install_command
from tests.cli.conftest import Tagger

pytest.importorskip("torchvision", reason="the extra 'train' is not installed")
pytest.importorskip("onnx", reason="the extra 'train' is not installed")


def test_its_steps_and_their_options_are_those_of_training(tagger: Tagger) -> None:
    assert "Usage: tagger train [OPTIONS] STEP" in tagger("train", "--help").stdout
    assert "--resume" in tagger("train", "fit", "--help").stdout
    assert tagger("train", "fit").returncode == 2
    unknown = tagger("train", "evaluate", "nothing")
    assert (unknown.returncode, "nothing" in unknown.stderr) == (1, True)


def test_without_its_extra_it_says_what_to_install(tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tagger.core.errors.find_spec", lambda _name: None)
    done = tagger("train", "--help")
    assert (done.returncode, install_command("train") in done.stderr) == (1, True)

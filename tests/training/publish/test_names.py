"""A bundle gets names without being trained again, and stays the same model."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tagger.model.bundle import Bundle, open_bundle, write_bundle
from tests.drawn import card
from training.cli import main

LANDMARKS = """
[red_rock]
name = "Red Rock"
names = { de = "Roter Fels" }

[green_hill]
name = "Green Hill"
city = "London"

[blue_lake]
name = "Blue Lake"
"""


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return write_bundle(tmp_path / "colours", card(), {"model.onnx": b"weights"})


def test_the_card_gets_the_files_names_and_places_and_the_model_stays(bundle: Bundle, tmp_path: Path) -> None:
    file = tmp_path / "landmarks.toml"
    file.write_text(LANDMARKS)
    done = CliRunner().invoke(main, ["names", str(file), "--to", str(bundle.folder)])
    assert (done.exit_code, done.output) == (0, f"{bundle.folder}: model {bundle.model_id[:12]}\n")
    named = open_bundle(bundle.folder)
    assert named.model_id == bundle.model_id
    assert named.card.classes[0].names == {"de": "Roter Fels"}
    assert named.card.classes[1].city == "London"
    assert named.card.thresholds == bundle.card.thresholds


def test_a_file_about_other_landmarks_changes_nothing(bundle: Bundle, tmp_path: Path) -> None:
    file = tmp_path / "landmarks.toml"
    file.write_text("[other]\nname = 'Other'\n")
    done = CliRunner().invoke(main, ["names", str(file), "--to", str(bundle.folder)])
    assert (done.exit_code, "does not describe the landmarks of" in done.output) == (1, True)
    assert open_bundle(bundle.folder) == bundle

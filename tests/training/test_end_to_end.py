"""From a folder of drawn photos to a bundle that answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tagger.bundle import Bundle, open_bundle
from tagger.engines.openvino import OpenVinoEngine
from tagger.engines.torch import TorchEngine
from tests.drawn import COLOURS
from tests.training.drawn import RECIPE, photo_folder, recipe
from training.cli import main

LEARNING = RECIPE.replace('"random"', '"imagenet"').replace("steps = 5", "steps = 50\nrate = 1e-2")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("colours")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LANDMARK_DATA", str(photo_folder(folder / "photos")))
        arguments = [
            "reproduce",
            str(recipe(folder, LEARNING)),
            "--runs",
            str(folder / "runs"),
            "--to",
            str(folder / "made"),
        ]
        assert main(arguments) == 0
    return open_bundle(folder / "made")


def test_one_command_makes_a_bundle_that_opens(bundle: Bundle) -> None:
    card = bundle.card
    assert [entry.id for entry in card.classes] == list(COLOURS)
    assert (card.background_outputs, card.network) == (1, "efficientnet_lite0")
    assert card.temperature > 0
    assert {entry.threshold for entry in card.classes} != {1.0}
    assert sorted(card.files) == ["model.onnx", "model.safetensors"]


def test_its_card_holds_figures_and_origin(bundle: Bundle) -> None:
    card = bundle.card
    assert {name: figures["landmark_photos"] for name, figures in card.metrics.items()} == {"val": 9, "test": 9}
    assert card.provenance["command"] == (
        "LANDMARK_DATA=/path/to/photos python -m training reproduce training/recipes/colours.toml"
    )
    assert card.provenance["data"]["train negative photos"] == 6  # type: ignore[index, call-overload]
    assert card.bfloat16 == (card.metrics["test"].get("bfloat16_top1_agreement", 0) >= 0.995)  # type: ignore[operator]


def test_it_learned_what_colours_are(bundle: Bundle) -> None:
    assert bundle.card.metrics["test"]["top1"] == 1.0
    assert bundle.card.metrics["test"]["negatives_tagged"] == 0.0


def test_both_weight_files_say_the_same(bundle: Bundle) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)  # (N, H, W, 3)
    onnx = OpenVinoEngine(bundle, precision="float32").logits(pixels)
    safetensors = TorchEngine(bundle, precision="float32").logits(pixels)
    np.testing.assert_allclose(onnx, safetensors, atol=0.01)


def test_no_file_names_the_machine_that_made_it(bundle: Bundle) -> None:
    here = str(Path(__file__).parents[2]).encode()
    for name in (*bundle.card.files, "card.json"):
        content = (bundle.folder / name).read_bytes()
        assert here not in content
        assert str(bundle.folder.parent).encode() not in content


def test_a_step_too_early_is_one_sentence_that_names_the_step_before(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LANDMARK_DATA", str(photos))
    for step, missing in (("fit", "prepare"), ("calibrate", "fit"), ("evaluate", "calibrate"), ("export", "evaluate")):
        assert main([step, str(recipe(tmp_path)), "--runs", str(tmp_path / "runs")]) == 1
        assert f"python -m training {missing}" in capsys.readouterr().err
        if step == "fit":
            assert main(["prepare", str(recipe(tmp_path)), "--runs", str(tmp_path / "runs")]) == 0

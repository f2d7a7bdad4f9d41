"""From a folder of drawn photos to a bundle that answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from tagger.model.bundle import Bundle, open_bundle
from tagger.model.engines.openvino import OpenVinoEngine
from tagger.model.engines.torch import TorchEngine
from tests.drawn import COLOURS
from tests.training.drawn import RECIPE, photo_folder, recipe
from training.cli import main
from training.fit.experiment import begin_experiment, open_experiment
from training.fit.recipe_file import load_recipe

BASE = 'network = "efficientnet_lite0"\nbase = "imagenet"'
LEARNING = RECIPE.replace('network = "tiny"\nbase = "random"', BASE).replace("steps = 5", "steps = 50\nrate = 1e-2")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("colours")
    (folder / "names").mkdir()
    (folder / "names" / "de.toml").write_text('[landmarks]\nred_rock = "Roter Fels"\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LANDMARK_DATA", str(photo_folder(folder / "photos")))
        arguments = [
            "reproduce",
            str(recipe(folder, LEARNING)),
            f"--runs={folder / 'runs'}",
            f"--data={folder / 'runs' / 'data'}",
            f"--to={folder / 'made'}",
        ]
        assert CliRunner().invoke(main, arguments, catch_exceptions=False).exit_code == 0
    return open_bundle(folder / "made")


def test_one_command_makes_a_bundle_that_opens(bundle: Bundle) -> None:
    card = bundle.card
    assert [entry.id for entry in card.classes] == list(COLOURS)
    assert (card.background_outputs, card.network) == (1, "efficientnet_lite0")
    assert card.temperature > 0
    assert {entry.threshold for entry in card.classes} != {1.0}
    assert sorted(card.files) == ["embedding.npz", "model.onnx", "model.safetensors"]
    assert (card.format, card.classes[0].names) == (2, {"de": "Roter Fels"})


def test_its_card_holds_figures_and_origin(bundle: Bundle) -> None:
    card = bundle.card
    assert {name: figures["landmark_photos"] for name, figures in card.metrics.items()} == {"val": 9, "test": 9}
    assert card.provenance["command"] == "python -m training reproduce RECIPE --folder PHOTOS --to BUNDLE"
    assert card.provenance["data"]["train negative photos"] == 6  # type: ignore[index, call-overload]
    assert "description" not in card.provenance["data"]  # type: ignore[operator]  # that is of the shipped bundle's photos
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
    here = str(Path(__file__).parents[3]).encode()
    for name in (*bundle.card.files, "card.json"):
        content = (bundle.folder / name).read_bytes()
        assert here not in content
        assert str(bundle.folder.parent).encode() not in content


def test_a_step_too_early_is_one_sentence_that_names_the_step_before(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANDMARK_DATA", str(photos))
    runs, data, text = tmp_path / "runs", tmp_path / "runs" / "data", str(recipe(tmp_path))

    def said(*arguments: str) -> str:
        done = CliRunner().invoke(main, [*arguments, f"--runs={runs}"])
        assert done.exit_code == 1
        return done.stderr

    assert "python -m training prepare" in said("fit", text, f"--data={data}")
    assert "python -m training fit" in said("calibrate", "colours")
    assert CliRunner().invoke(main, ["prepare", f"--to={data}"]).exit_code == 0
    begin_experiment(load_recipe(Path(text)), data, runs)
    for step, missing in (("calibrate", "fit"), ("evaluate", "calibrate"), ("export", "evaluate")):
        assert f"python -m training {missing}" in said(step, "colours")


def test_a_recipe_is_changed_on_the_command_line_and_the_run_remembers(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANDMARK_DATA", str(photos))
    runs, data = tmp_path / "runs", tmp_path / "runs" / "data"
    assert CliRunner().invoke(main, ["prepare", f"--to={data}"]).exit_code == 0
    changes = ["train.epochs=0", "name=blues", "network=efficientnet_lite1"]
    arguments = ["fit", str(recipe(tmp_path)), *changes, f"--data={data}", f"--runs={runs}"]
    assert CliRunner().invoke(main, arguments, catch_exceptions=False).exit_code == 0
    begun = open_experiment(Path("blues"), runs)
    assert (begun.recipe.train.epochs, begun.recipe.network) == (0, "efficientnet_lite1")
    assert begun.weights.is_file()

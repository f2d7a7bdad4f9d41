"""A student becomes the first look of a bundle, with a rule that keeps the bundle's tags."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tagger.core.types import NoLandmark, Tagged
from tagger.model.bundle import open_bundle, write_bundle
from tagger.model.predictor import load
from tests.drawn import COLOURS, jpeg
from training.data.manifest import DataError
from training.evaluate.calibrate import calibrate
from training.fit.experiment import Experiment
from training.fit.fit import fit
from training.fit.recipe_file import with_overrides
from training.publish.first_look import Looks, add_first_look, agreement_figures, choose_none_below


def looks(best: list[float], tagged: list[bool], shown: list[str] | None = None) -> Looks:
    return Looks(np.array(shown or ["landmark"] * len(best)), np.array(best), np.array(tagged))


def test_the_rule_keeps_every_tag_when_there_are_few() -> None:
    both = looks([0.9, 0.31337, 0.1, 0.02], [True, True, False, False])
    assert choose_none_below(both, 0.5) == 0.3133
    assert agreement_figures(both, 0.3133)["agreement"] == 1.0


def test_the_rule_may_lose_one_tag_in_a_thousand() -> None:
    best = [0.05, *np.linspace(0.2, 1, 999)]
    assert choose_none_below(looks(best, [True] * 1000), 0.5) == 0.2


def test_the_rule_is_below_every_threshold_and_without_tags_the_first_look_is_never_sure() -> None:
    assert choose_none_below(looks([0.9, 0.8], [True, True]), 0.4) == 0.4
    assert choose_none_below(looks([0.9, 0.8], [False, False]), 0.4) == 0.0


def test_figures_say_what_the_first_look_answers() -> None:
    both = looks([0.9, 0.1, 0.1, 0.3], [True, True, False, False], ["landmark", "landmark", "ordinary", "sight"])
    assert agreement_figures(both, 0.2) == {
        "tags": 2,
        "agreement": 0.5,
        "landmark_answered": 0.5,
        "sight_answered": 0.0,
        "ordinary_answered": 1.0,
    }


@pytest.mark.slow
def test_a_student_in_a_bundle_answers_what_it_is_sure_of(experiment: Experiment, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="python -m training calibrate"):
        add_first_look(experiment, open_bundle())
    learning = Experiment(
        with_overrides(experiment.recipe, ["network=half_lite0", "base=imagenet", "head.steps=50", "head.rate=1e-2"]),
        experiment.folder,
    )
    fit(learning)
    alone = calibrate(learning)
    files = {name: alone.file(name).read_bytes() for name in alone.card.files}
    bundle = write_bundle(tmp_path / "made", alone.card, files)
    both = add_first_look(learning, bundle)
    assert sorted(both.card.files) == [
        "first_look/model.onnx",
        "first_look/model.safetensors",
        "model.onnx",
        "model.safetensors",
    ]
    assert both.model_id != bundle.model_id
    first = both.card.first_look
    assert first is not None
    assert (first.network, first.metrics["val"]["agreement"]) == ("half_lite0", 1.0)
    for engine in ("openvino", "torch"):
        tagger = load(both.folder, engine=engine, device="cpu")
        assert isinstance(tagger.suggest(jpeg(COLOURS["red_rock"])), Tagged | NoLandmark)
        assert tagger.first_look is not None
    assert add_first_look(learning, both) == both

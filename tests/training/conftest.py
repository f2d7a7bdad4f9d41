from __future__ import annotations

from pathlib import Path

import pytest

from tagger.model.nets import NETWORKS
from tests.training.drawn import photo_folder, recipe
from tests.training.tiny import Tiny
from training.data.prepare import Source, prepare
from training.fit.experiment import Experiment, begin_experiment
from training.fit.recipe import load_recipe


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return photo_folder(tmp_path / "photos")


@pytest.fixture
def data(tmp_path: Path, photos: Path) -> Path:
    """The photos, prepared."""
    return prepare(Source("manifest_folder", photos), tmp_path / "runs" / "data").folder


@pytest.fixture
def experiment(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> Experiment:
    """An experiment that was begun, and nothing more; its network is tiny."""
    monkeypatch.setitem(NETWORKS, "tiny", Tiny)
    return begin_experiment(load_recipe(recipe(tmp_path)), data, tmp_path / "runs")

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from torch import nn

from tagger.model.nets import NETWORKS
from tests.training.drawn import photo_folder, recipe
from tests.training.tiny import Tiny
from training.data.prepare import Source, prepare
from training.fit.experiment import Experiment, begin_experiment
from training.fit.recipe_file import load_recipe
from training.publish.export import onnx_bytes


@pytest.fixture(autouse=True, scope="session")
def exported_once() -> Iterator[None]:
    """Export the same network once: it takes seconds, and each fit does it three times."""
    exports: dict[tuple[str, int, str], bytes] = {}

    def remembered(network: nn.Module, size_px: int) -> bytes:
        weights = hashlib.sha256()
        for tensor in network.state_dict().values():
            weights.update(tensor.contiguous().numpy().tobytes())
        key = (repr(network), size_px, weights.hexdigest())
        if key not in exports:
            exports[key] = onnx_bytes(network, size_px)
        return exports[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.fit.frozen_backbone.onnx_bytes", remembered)
        patch.setattr("training.publish.export.onnx_bytes", remembered)
        yield


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

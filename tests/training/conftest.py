from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.drawn import photo_folder, recipe
from training.prepare import prepare
from training.run import Run, open_run


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return photo_folder(tmp_path / "photos")


@pytest.fixture
def run(tmp_path: Path, photos: Path) -> Run:
    """A run whose photos are prepared."""
    opened = open_run(recipe(tmp_path), photos, tmp_path / "runs")
    prepare(opened.photos, opened.manifest)
    return opened

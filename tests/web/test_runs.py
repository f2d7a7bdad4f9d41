"""The reports of runs as pages."""

from __future__ import annotations

from pathlib import Path

from tagger.core.run_options import Limits
from tagger.library.runner import LibraryRun
from tagger.model.predictor import Tagger
from tests.drawn import COLOURS, ColourEngine, colour_bundle
from tests.library.taught.palette import painted
from tests.web.conftest import Gallery, Start


def ran(start: Start, folder: Path) -> Gallery:
    """A gallery on a library that was tagged, of which one file cannot be read."""
    tagger = Tagger(colour_bundle(folder / "model"), ColourEngine(), Limits())
    gallery = start(tagger=tagger)
    painted(folder / "library", COLOURS["red_rock"], 2, "rock")
    (folder / "library" / "broken.jpg").write_text("no photo")
    list(LibraryRun(gallery.store, tagger.bundle, [str(folder / "library")], lambda: tagger).results())
    return gallery


def test_a_run_s_page_has_its_landmarks_and_what_could_not_be_read(start: Start, tmp_path: Path) -> None:
    with ran(start, tmp_path).client() as client:
        answer = client.get("/runs/1", headers={"Accept-Language": "de"})
    assert answer.status_code == 200
    assert '<a href="/?query=landmark%3Ared_rock+run%3A1">Red Rock</a> 2' in answer.text
    assert "broken.jpg" in answer.text
    assert "<title>Lauf 1" in answer.text

"""A photo's own coordinates weigh in every answer, however it is asked for."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from tagger.core.evidence import GpsEvidence
from tagger.core.run_options import Limits
from tagger.core.types import Answer, NoLandmark, Tagged
from tagger.model.bundle import Bundle
from tagger.model.predictor import Tagger
from tests.drawn import ColourEngine, jpeg

UNSURE_RED = (181, 43, 43)  # scored below the threshold, but above what evidence lifts over it
RED_ROCK = (10.0, 20.0)  # where `tests.drawn.card` says it is


@pytest.fixture
def model(bundle: Bundle) -> Tagger:
    return Tagger(bundle, ColourEngine(), Limits(threads=1))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Taken at Red Rock."""
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (RED_ROCK[0], 0.0, 0.0), 3: "E", 4: (RED_ROCK[1], 0.0, 0.0)})
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg(UNSURE_RED, quality=95, exif=exif))
    return path


def tagged(model: Tagger, photo: Path, *, gps: bool = True) -> Answer:
    (result,) = model.tag([photo], 1, gps=gps)
    return result.answer


def test_a_path_bytes_an_image_and_a_run_are_weighed_alike(model: Tagger, photo: Path) -> None:
    with Image.open(io.BytesIO(photo.read_bytes())) as image:
        answers = [model.suggest(photo, 1), model.suggest(photo.read_bytes(), 1), model.suggest(image, 1)]
    assert answers == [tagged(model, photo)] * 3
    (best,) = answers[0].suggestions
    assert isinstance(answers[0], Tagged)
    assert best.evidence == GpsEvidence("near", "red_rock", 0.0)


def test_gps_can_be_switched_off(model: Tagger, photo: Path) -> None:
    alone = model.suggest(photo, 1, gps=False)
    assert alone == tagged(model, photo, gps=False)
    assert isinstance(alone, NoLandmark)
    assert alone.suggestions[0].evidence is None


def test_a_known_answer_stays_as_it_is(model: Tagger, photo: Path) -> None:
    known = model.suggest(photo, 3, gps=False)
    (result,) = model.tag([photo], 3, known=lambda _sha256: known)
    assert (result.answer, result.is_inherited) == (known, True)


def test_a_tag_needs_the_minimum_score_with_its_coordinates_in_it(model: Tagger, photo: Path) -> None:
    score = model.suggest(photo, 1).suggestions[0].score
    assert model.suggest(photo, 1, min_score=score) == model.suggest(photo, 1)
    stricter = model.suggest(photo, 1, min_score=score + 1e-6)
    assert isinstance(stricter, NoLandmark)
    (result,) = model.tag([photo], 1, min_score=score + 1e-6)
    assert result.answer == stricter
